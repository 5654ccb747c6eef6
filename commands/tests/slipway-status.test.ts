import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { expectGolden } from '#tests/support/golden.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, steady, typeSlipway } from '#tests/support/terminal.ts';

let tenant: Tenant;
let clone: string;

beforeAll(async () => {
  tenant = await startTenant({ environments: ['production', 'staging'] });
  const config = tenant.remoteGit('show', 'main:slipway.yaml');
  const freeze = '{reason: end of the year, zone: UTC, from: "2020-12-20 00:00", to: "2099-01-03 08:00"}';
  const frozen = config.replace(/(production: .*)}/, `$1, freezes: [${freeze}]}`);
  tenant.commit({ 'slipway.yaml': `${frozen}\n`, 'overlays/staging/holds.yaml': '- image: [\n' }, 'hold everything');
  clone = cloneForPerson(tenant);
});

afterAll(() => tenant.close());

test('a freeze and a file that cannot be read are shown with the environment', async () => {
  const { exitCode, stdout } = await typeSlipway(tenant, clone, ['status']);
  expect(exitCode).toBe(0);
  expectGolden(join(import.meta.dirname, 'golden/slipway/status-frozen.txt'), steady(stdout));
  const { environments } = JSON.parse((await typeSlipway(tenant, clone, ['status', '--json'])).stdout);
  expect(environments).toMatchObject([
    {
      environment: 'production',
      fault: null,
      freeze: { kind: 'freeze', by: 'slipway.yaml', reason: 'end of the year' },
    },
    { environment: 'staging', fault: expect.stringContaining('overlays/staging/holds.yaml'), freeze: null },
  ]);
});

test('on a terminal with colours, what keeps an environment still is yellow', async () => {
  const { stdout } = await typeSlipway(tenant, clone, ['status'], { isColoured: true });
  expect(stdout).toContain('\u001B[33m  frozen: ');
  expect(stdout).toContain('\u001B[1mproduction\u001B[22m');
});
