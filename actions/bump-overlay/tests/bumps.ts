import type { OverlayEditor } from '#core/overlay/edit.ts';
import type { LandResult } from '#core/release/land.ts';
import { type InProcessRunner, openRunner } from '#tests/support/in-process.ts';
import type { Tenant } from '#tests/support/tenant.ts';
import { readInputs } from '../src/inputs.ts';
import { openPorts } from '../src/ports.ts';
import { run } from '../src/run.ts';

/** What a bump in the test's process came to, with what it said. */
export interface Bumped extends LandResult {
  readonly runner: InProcessRunner;
}

/** Runs bump-overlay in this process, on the tenant's branch `main`. */
export async function bump(
  tenant: Tenant,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  change: (editor: OverlayEditor) => OverlayEditor = (editor) => editor,
): Promise<Bumped> {
  const runner = openRunner(
    tenant,
    {
      environment: 'production',
      branch: 'main',
      config: 'slipway.yaml',
      'source-sha': tenant.remoteGit('rev-parse', 'main'),
      ...inputs,
    },
    env,
  );
  const read = readInputs(runner);
  const { ports, close } = await openPorts(runner, read);
  try {
    return { ...(await run(read, { ...ports, editor: change(ports.editor) })), runner };
  } finally {
    await close();
  }
}
