import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { HoldIntent } from '#core/release/intent.ts';
import { formatIntent } from '#core/release/intent-file.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, typeSlipway } from '#tests/support/terminal.ts';

let tenant: Tenant;

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['production', 'staging'] });
});

afterAll(() => tenant.close());

/** Publishes an intent as a writer does that is gone since. */
function leave(intent: HoldIntent): void {
  const blob = tenant.remoteGit('commit-tree', '-m', formatIntent(intent), tenant.remoteGit('write-tree'));
  tenant.remoteGit('update-ref', `refs/slipway/intents/${intent.id}`, blob);
}

test('an open intent of another writer lands in the same commit, and the preview shows both', async () => {
  const wanted = { run: '', actor: 'octocat', at: new Date(), reason: 'left behind', until: undefined } as const;
  leave({ kind: 'hold', id: ulid(), environment: 'staging', image: '*', ...wanted });
  const argv = ['hold', 'production', '--reason', 'we look at it', '--yes', '--json'];
  const { stdout, exitCode } = await typeSlipway(tenant, cloneForPerson(tenant), argv);
  expect(exitCode).toBe(0);
  const { preview, landed } = JSON.parse(stdout);
  expect(preview.message).toMatch(/^hold\((production, staging|staging, production)\): everything/);
  expect(preview.diff).toContain('overlays/staging/holds.yaml');
  expect(landed.isAsPreviewed).toBe(true);
  expect(tenant.remoteGit('for-each-ref', 'refs/slipway/intents')).toBe('');
});
