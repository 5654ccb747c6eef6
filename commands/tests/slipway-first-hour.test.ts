import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { NEVER_RELEASED } from '#core/values/reference.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { resetTo } from '#tests/support/stage.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, type OnTerminal, shellEnvironment, steady, typeSlipway } from '#tests/support/terminal.ts';
import { build, bump } from '#tests/support/writers.ts';

const OVERLAY = 'overlays/production/kustomization.yaml';

let tenant: Tenant;
let clone: string;
let base: string;
let digest: string;

/** Staging runs a first release; production waits for its first promotion. */
beforeAll(async () => {
  tenant = await startTenant({ environments: ['staging', 'production'] });
  const production = 'production: {overlay: overlays/production, deploys: on-promotion, from: staging}';
  const config = tenant.remoteGit('show', 'main:slipway.yaml').replace(/production: .*/, production);
  tenant.commit({ 'slipway.yaml': `${config}\n`, 'app/main.js': '// first\n' }, 'first');
  const digests = await Promise.all(['discord-bot', 'dev-sandbox'].map((image) => build(tenant, image)));
  digest = digests[0] ?? '';
  const images = `discord-bot=${digests[0]}\ndev-sandbox=${digests[1]}`;
  await bump(tenant, { environment: 'staging', images });
  clone = cloneForPerson(tenant);
  base = tenant.remoteGit('rev-parse', 'main');
}, 60_000);

beforeEach(() => resetTo(base, tenant));

afterAll(() => tenant.close());

const type = (...argv: string[]): Promise<OnTerminal> => typeSlipway(tenant, clone, argv);
const promote = (...more: string[]): Promise<OnTerminal> => type('promote', 'production', '--yes', ...more);
const back = (...more: string[]): Promise<OnTerminal> =>
  type('rollback', 'production', '--steps', '1', '--reason', 'it answers 500', '--yes', ...more);

/** Runs a line that was printed, in the person's clone. */
async function paste(line: string): Promise<void> {
  await createExec(shellEnvironment(tenant))(['bash', '-ec', line], { cwd: clone });
}

async function updateClone(): Promise<void> {
  await paste('git fetch -q && git reset -q --hard origin/main');
}

describe('a first release is taken back by git alone', () => {
  test('the line that its promotion prints does it', async () => {
    await updateClone();
    const { stdout } = await promote();
    expect(tenant.readOverlay()).toContain(digest);
    await paste(stdout.trimEnd().split('\n').at(-1) ?? '');
    expect(tenant.readOverlay()).not.toContain(digest);
    expect(tenant.readOverlay()).toContain(NEVER_RELEASED);
  });

  test('a rollback of it is refused with the commit to revert', async () => {
    await promote();
    await updateClone();
    const { exitCode, stderr } = await back();
    expect(exitCode).toBe(1);
    expectGolden(join(import.meta.dirname, 'golden/slipway/nothing-before.txt'), steady(stderr));
    const [, revert] = /nothing ran before its first release: .*, (git revert \w{7}) and push/.exec(stderr) ?? [];
    await paste(`${revert} --no-edit && git push -q`);
    expect(tenant.readOverlay()).not.toContain(digest);
  });

  test('so is that of images that came one by one: the newest commit is named', async () => {
    await promote('--image', 'discord-bot');
    await promote('--image', 'dev-sandbox');
    const newest = tenant.remoteGit('rev-parse', 'main').slice(0, 7);
    expect((await back()).stderr).toContain(`git revert ${newest} and push`);
  });

  test('once something is behind it, the line that is printed is the rollback', async () => {
    await promote();
    tenant.commit({ 'app/main.js': '// second\n' }, 'second');
    await bump(tenant, { environment: 'staging', images: `discord-bot=${await build(tenant)}` });
    expect((await promote()).stdout).toMatch(/rollback production --steps 1 --reason "why"\n$/);
    expect((await back()).exitCode).toBe(0);
    expect(tenant.readOverlay()).toContain(digest);
    // what was rolled back is in front of it, not behind
    expect((await back()).stderr).toContain('to go forward, release it');
  });
});

describe('an entry that has no name of its image', () => {
  const rename = (from: string, to: string): void => {
    tenant.commit({ [OVERLAY]: `${tenant.readOverlay().replace(`- name: ${from}\n`, `- name: ${to}\n`)}\n` }, 'rename');
  };

  test('is not passed over by a promotion of the set, and is seen in the status', async () => {
    rename('discord-bot', 'robot');
    const { exitCode, stderr } = await promote();
    const fault =
      /the images entry robot is pulled from the repository of discord-bot and has no name of it, which is discord-bot/;
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: expect.stringMatching(fault) });
    const { environments } = JSON.parse((await type('status', '--json')).stdout);
    expect(environments).toMatchObject([{ fault: null }, { fault: expect.stringMatching(fault) }]);
    rename('robot', 'discord-bot');
    expect((await promote()).exitCode).toBe(0);
    expect(tenant.readOverlay()).toContain(digest);
  });

  test('is found where slipway.yaml gives the image another name', async () => {
    const config = tenant.remoteGit('show', 'main:slipway.yaml');
    const named = config
      .replace(/^( +keep: \d+)$/m, '$1\n    names: [robot]')
      .replace(/(discord-bot: \{.*)\}/, '$1, names: [robot]}');
    expect(named).toContain('names: [robot]');
    tenant.commit({ 'slipway.yaml': `${named}\n` }, 'another name');
    expect((await promote()).stderr).toMatch(/has no name of it, which is robot: correct the entry's name, or add it/);
  });

  test('of another registry is none of its business', async () => {
    rename('discord-bot', 'robot');
    const own = /newName: \S+\/discord-bot$/m;
    const text = tenant.readOverlay().replace(own, 'newName: elsewhere.example/discord-bot');
    tenant.commit({ [OVERLAY]: `${text}\n` }, 'from elsewhere');
    expect((await promote()).exitCode).toBe(0);
    expect((await type('status')).stdout).not.toContain('cannot be written');
  });
});
