import { parseBoolean, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { ImagesRequest } from '#core/images/preview.ts';
import { InputError } from '#core/values/errors.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends ImagesRequest {
  readonly asksRegistry: boolean;
  /** Where the report is written. */
  readonly report: string;
  /** True where it is left as an artifact as well. */
  readonly artifacts: boolean;
  readonly token: string;
}

/** GITHUB_REF of a run for a pull request: a merge that GitHub tries out, and GITHUB_SHA is its commit. */
const TRIAL = /^refs\/pull\/\d+\/merge$/;

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'> & { environment: Where }): Inputs {
  const { environment } = runner;
  const report = runner.input('report');
  const head = parseCommitSha('head', runner.input('head'));
  const isTrial = head === environment.sha && TRIAL.test(environment.all['GITHUB_REF'] ?? '');
  if (report === '') throw new InputError('report', report, 'is empty: give the file that the report is written to');
  return {
    base: isTrial ? undefined : parseCommitSha('base', runner.input('base')),
    head,
    config: parsePath('config', runner.input('config')),
    asksRegistry: parseRegistry(runner.input('registry')),
    report,
    artifacts: parseBoolean('artifacts', runner.input('artifacts')),
    token: runner.input('token'),
  };
}

type Where = Pick<Runner['environment'], 'sha' | 'all'>;

function parseRegistry(text: string): boolean {
  if (text === 'ask' || text === 'skip') return text === 'ask';
  throw new InputError('registry', text, 'is neither ask nor skip');
}
