import { identifyState, type StateIdentity } from '#core/terraform/run/cli.ts';
import { Refusal } from '#core/values/errors.ts';
import { readZipFile } from '#core/values/zip.ts';

/** Bytes of a state at most. */
const MOST = 1 << 30;

/** Returns the state that a plan file of Terraform was made from. The file is a ZIP archive with the state in it. */
export function readPlannedState(plan: Buffer): StateIdentity {
  const state = readZipFile(plan, 'tfstate', MOST);
  if (state === undefined)
    throw new Refusal('the plan file names no state: it was written by a Terraform or OpenTofu that is not supported');
  return identifyState(state.toString('utf8'));
}
