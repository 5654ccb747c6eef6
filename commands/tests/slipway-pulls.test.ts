import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { refuseStalePulls } from '#commands/slipway/pull-rows.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, shellEnvironment, steady, typeSlipway } from '#tests/support/terminal.ts';

let tenant: Tenant;
let clone: string;
const golden = (name: string): string => join(import.meta.dirname, 'golden/slipway', name);

beforeAll(async () => {
  tenant = await startTenant({ environments: ['production', 'staging'] });
  clone = cloneForPerson(tenant);
});

afterAll(() => tenant.close());

const HOUR_MS = 3_600_000;

/** Makes a folder with a kubectl whose cluster renewed the pull credentials of these namespaces so many hours ago. */
function withCluster(name: string, hours: Readonly<Record<string, number>>, fault?: string): string {
  const items = Object.entries(hours).map(([namespace, ago]) => ({
    metadata: { name: 'ecr-registry', namespace },
    status: {
      refreshTime: new Date(Date.now() - ago * HOUR_MS - 30_000).toISOString(),
      conditions: [{ type: 'Ready', status: fault === undefined ? 'True' : 'False', message: fault }],
    },
  }));
  const folder = join(tenant.temp, name);
  mkdirSync(folder);
  const file = join(folder, 'kubectl');
  writeFileSync(join(folder, 'answer.json'), JSON.stringify({ items }));
  writeFileSync(file, `#!/bin/sh\nexec cat '${join(folder, 'answer.json')}'\n`);
  chmodSync(file, 0o755);
  return folder;
}

test('status shows the age of pull credentials, and what to do before they expire', async () => {
  const tools = withCluster('old', { production: 11, staging: 2 });
  const { stdout, exitCode } = await typeSlipway(tenant, clone, ['status'], { tools });
  expect(exitCode).toBe(0);
  expectGolden(golden('status-pulls.txt'), steady(stdout));
  const json = JSON.parse((await typeSlipway(tenant, clone, ['status', '--json'], { tools })).stdout);
  expect(json.pullCredentials).toMatchObject([
    { namespace: 'production', state: 'alarm' },
    { namespace: 'staging', state: 'fresh' },
  ]);
});

test('a renewal that fails is shown while there is time, on one line whatever it says', async () => {
  const tools = withCluster('failing', { production: 7 }, 'AccessDenied:\n\u001B[31mno such user');
  const { stdout } = await typeSlipway(tenant, clone, ['status'], { tools, isColoured: true });
  expect(stdout).toContain('renewed 7 h ago; the renewal fails: AccessDenied: [31mno such');
  expect(stdout).not.toContain('\u001B[31m');
});

test('without a cluster, status says nothing of it', async () => {
  const tools = withCluster('none', {});
  const { stdout } = await typeSlipway(tenant, clone, ['status'], { tools });
  expect(stdout).not.toContain('PULL CREDENTIALS');
});

/** Asks as a rollback into a namespace does; returns what it told. */
async function askBefore(namespace: string, tools: string): Promise<string[]> {
  const told: string[] = [];
  const environment = { ...shellEnvironment(tenant), PATH: `${tools}:${process.env['PATH'] ?? ''}` };
  await refuseStalePulls(namespace, {
    environment,
    temp: tenant.temp,
    resolve: (path) => path,
    now: () => new Date(),
    width: 80,
    isColoured: false,
    show: () => {},
    tell: (text) => void told.push(text),
    confirm: undefined,
  });
  return told;
}

test('a rollback is refused where no pod could pull, and only there', async () => {
  const tools = withCluster('mixed', { production: 12, staging: 10, preview: 11 });
  const refusal = await askBefore('production', tools).catch((error: unknown) => (error as Error).message);
  expectGolden(golden('rollback-stale-pulls.txt'), `${refusal}\n`);
  expect(await askBefore('staging', tools)).toEqual([]);
  expect(await askBefore('preview', tools)).toEqual([
    'pull credentials of preview: renewed 11 h ago, and pulls fail from 12 h on: does External Secrets run?',
  ]);
});

test('a rollback where kubectl has no such namespace says that it does not know, and goes on', async () => {
  expect(await askBefore('elsewhere', withCluster('other', { production: 0 }))).toEqual([
    'pull credentials: not known here, kubectl has no such cluster',
  ]);
});
