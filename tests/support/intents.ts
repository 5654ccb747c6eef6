import { ulid } from 'ulid';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent } from '#core/release/intent-file.ts';
import type { Tenant } from '#tests/support/tenant.ts';

/** What an intent says beside its kind, as a writer of this minute would say it. */
export function describeWriter(reason = ''): Pick<Intent, 'id' | 'run' | 'actor' | 'at' | 'reason'> {
  return {
    id: ulid(),
    run: 'https://github.example/acme/tenant/actions/runs/1',
    actor: 'hubot',
    at: new Date(),
    reason,
  };
}

/** Leaves an open intent on the remote, as a writer does that is killed after it has published; returns its ref. */
export function leaveIntent(tenant: Tenant, intent: Intent): string {
  const text = formatIntent(intent);
  const tree = tenant.remoteGit('mktree'); // of no entries
  const commit = tenant.remoteGit('commit-tree', '-m', text, tree);
  const ref = `refs/slipway/intents/${intent.id}`;
  tenant.remoteGit('update-ref', ref, commit);
  return ref;
}

/** Leaves a hold of a whole environment open. */
export function leaveHold(tenant: Tenant, environment: string, reason: string): string {
  return leaveIntent(tenant, { kind: 'hold', environment, image: '*', until: undefined, ...describeWriter(reason) });
}

/** Returns the intents that are open on the remote. */
export function listIntents(tenant: Tenant): string[] {
  return tenant.remoteGit('for-each-ref', '--format=%(refname)', 'refs/slipway/intents').split('\n').filter(Boolean);
}
