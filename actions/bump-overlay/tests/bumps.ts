import type { OverlayEditor } from '#core/overlay/edit.ts';
import type { Tenant } from '#tests/support/tenant.ts';
import { type Written, bump as write } from '#tests/support/writers.ts';

/** What a bump in the test's process came to, with what it said. */
export type Bumped = Written;

/** Runs bump-overlay in this process, on the tenant's branch `main`, with another editor where one is given. */
export function bump(
  tenant: Tenant,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  change: (editor: OverlayEditor) => OverlayEditor = (editor) => editor,
): Promise<Bumped> {
  return write(tenant, inputs, { env, change: (ports) => ({ ...ports, editor: change(ports.editor) }) });
}
