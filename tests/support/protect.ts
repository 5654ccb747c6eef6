import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tenant } from '#tests/support/tenant.ts';

/**
 * Makes the server refuse to update the refs that match a shell pattern, with these words, as GitHub does for
 * protected branches and rulesets; returns what lifts it. `update` refuses one ref of several.
 */
export function protect(tenant: Tenant, pattern: string, words: string, hook: 'pre-receive' | 'update'): () => void {
  const path = join(tenant.remote, 'hooks', hook);
  const refuse = `case "$ref" in ${pattern}) printf '%s\\n' '${words}' >&2; exit 1;; esac`;
  const body = hook === 'update' ? `ref=$1; ${refuse}` : `while read -r _ _ ref; do ${refuse}; done`;
  writeFileSync(path, `#!/bin/sh\n${body}\n`);
  chmodSync(path, 0o755);
  return () => rmSync(path);
}
