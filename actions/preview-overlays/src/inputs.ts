import { parseBoolean, parseLines, parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { PreviewRequest } from '#core/manifests/preview.ts';
import { InputError } from '#core/values/errors.ts';
import { parseCommitSha } from '#core/values/reference.ts';

/** The inputs of this action, checked. */
export interface Inputs extends PreviewRequest {
  /** Where the report is written. */
  readonly report: string;
  /** True where it is left as an artifact as well. */
  readonly artifacts: boolean;
  /** Empty where schemas are not checked. */
  readonly kubeconform: string;
  readonly schemas: readonly string[];
  readonly token: string;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  const report = runner.input('report');
  if (report === '') throw new InputError('report', report, 'is empty: give the file that the report is written to');
  return {
    base: parseCommitSha('base', runner.input('base')),
    head: parseCommitSha('head', runner.input('head')),
    config: parsePath('config', runner.input('config')),
    report,
    artifacts: parseBoolean('artifacts', runner.input('artifacts')),
    kubeconform: runner.input('kubeconform'),
    schemas: parseLines(runner.input('schemas')),
    token: runner.input('token'),
  };
}
