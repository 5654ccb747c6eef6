import { TestEnvironment } from 'jest-environment-node';

/** Skips the tests of a file behind its first failure: that a mutant is killed is known by then. */
export default class FirstFailure extends TestEnvironment {
  #hasFailed = false;

  handleTestEvent(event) {
    if (event.name === 'test_done' && event.test.errors.length > 0) this.#hasFailed = true;
    if (event.name === 'test_start' && this.#hasFailed) event.test.mode = 'skip';
  }
}
