import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ images: ['discord-bot'] });
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

test('an environment that takes pull requests since the checkout was made is not passed over in silence', async () => {
  const { source, digest } = await stage.change('newest');
  configure(stage, 'production', 'deploys: on-push, via: pull-request');
  const inputs = { images: stage.all(digest), 'source-sha': source, environment: '' };
  await expect(bump(stage.tenant, inputs, { sha: source })).rejects.toThrow(
    /^environment: production takes changes by pull request only .*needs GitHub's API/, // none is there
  );
  expect(stage.read('discord-bot', 'staging')).toBe(digest);
  expect(stage.read('discord-bot', 'production')).toBe(stage.bad);
});

/** Lands a bump with a checkout of `sha` and returns how it read the branch. */
async function listReads(images: string, source: string, sha: string): Promise<string[]> {
  const reads: string[] = [];
  const change = (ports: AskPorts): AskPorts => {
    const { git } = ports;
    const note = <Answer>(what: string, ask: () => Promise<Answer>): Promise<Answer> => {
      reads.push(what);
      return ask();
    };
    const fetch: typeof git.fetch = (what) => note('fetch', () => git.fetch(what));
    const lsRefs: typeof git.lsRefs = (refs) => note('list', () => git.lsRefs(refs));
    return { ...ports, git: { ...git, fetch, lsRefs } };
  };
  const { outcome } = await bump(stage.tenant, { images, 'source-sha': source }, { change, sha });
  expect(outcome).toBe('landed');
  return reads;
}

test('where the branch is where the checkout is, it is listed once and not fetched', async () => {
  const { source, digest } = await stage.change('newest');
  expect(await listReads(stage.all(digest), source, source)).toEqual(['list']);
});

test('where the branch has moved on since, it is fetched once', async () => {
  const { source, digest } = await stage.change('newest');
  stage.tenant.commit({ 'NOTES.md': 'a neighbour was faster' });
  expect(await listReads(stage.all(digest), source, source)).toEqual(['list', 'fetch']);
});
