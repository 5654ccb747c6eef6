import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Digest } from '#core/values/reference.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, type OnTerminal, steady, type TerminalOptions, typeSlipway } from '#tests/support/terminal.ts';
import { build, bump } from '#tests/support/writers.ts';

let tenant: Tenant;
let clone: string;

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['staging', 'production'] });
  const config = tenant.remoteGit('show', 'main:slipway.yaml');
  const production = 'production: {overlay: overlays/production, deploys: on-promotion, from: staging}';
  tenant.commit({ 'slipway.yaml': `${config.replace(/production: .*/, production)}\n` }, 'promote to production');
  clone = cloneForPerson(tenant);
});

afterAll(() => tenant.close());

const type = (line: string, options?: TerminalOptions): Promise<OnTerminal> =>
  typeSlipway(tenant, clone, split(line), options);
const yes = { answer: () => true };
const main = (): string => tenant.remoteGit('rev-parse', 'main');
const golden = (name: string, text: string): void =>
  expectGolden(join(import.meta.dirname, 'golden', 'slipway', `${name}.txt`), steady(text));

/** Splits a line as a shell does, as far as the tests need it. */
function split(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
}

/** A push that changes the app, its build, and its bump in staging; returns the build's digest. */
async function deploy(text: string): Promise<Digest> {
  tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
  const digest = await build(tenant);
  await bump(tenant, { environment: 'staging', images: `discord-bot=${digest}` });
  return digest;
}

const digests: Record<string, Digest> = {};

describe('a night on call', () => {
  test('nothing was released yet', async () => {
    golden('history-empty', (await type('history')).stdout);
    golden('status-empty', (await type('status')).stdout);
    expect(JSON.parse((await type('history --json')).stdout)).toEqual({ schema: 1, releases: [] });
  });

  test('promote lands the set of staging, by the person of the clone', async () => {
    digests['good'] = await deploy('Good answers');
    const { exitCode, stdout, asked } = await type('promote production --reason "looks well"', yes);
    expect({ exitCode, asked }).toEqual({ exitCode: 0, asked: ['Land this commit on main? [y/N] '] });
    expect(tenant.readOverlay()).toContain(digests['good']);
    expect(tenant.remoteGit('log', '-1', '--format=%an %ae %cn', 'main')).toBe('On Call on-call@example.com On Call');
    golden('promote', stdout);
    golden('promote-again', (await type('promote production', yes)).stdout);
  });

  test('history: newest first, as a table and as JSON; some images, some releases', async () => {
    digests['bad'] = await deploy('Answers 500');
    await type('promote production --yes');
    golden('history', (await type('history')).stdout);
    golden('history-of-production', (await type('history production --image discord-bot --limit 1')).stdout);
    const { stdout } = await type('history production --limit 1 --json');
    expect(JSON.parse(stdout)).toEqual({
      schema: 1,
      releases: [
        {
          at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/),
          environment: 'production',
          image: 'discord-bot',
          kind: 'promotion',
          digest: digests['bad'],
          from: digests['good'],
          source: { commit: expect.stringMatching(/^[0-9a-f]{40}$/), subject: 'Answers 500' },
          actor: 'On Call',
          reason: null,
          commit: main(),
          run: null,
        },
      ],
    });
  });

  test('without a terminal, and after a no, the preview is shown and nothing is written', async () => {
    const before = main();
    const unasked = await type('rollback production --steps 1 --reason "it answers 500"');
    expect(unasked).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('add --yes to land the commit') });
    expect(unasked.stdout).toContain('roll back(production): discord-bot');
    const declined = await type('rollback production --steps 1 --reason "it answers 500"', { answer: () => false });
    expect(declined).toMatchObject({ exitCode: 1, stderr: 'nothing was written\n' });
    expect(main()).toBe(before);
  });

  test('rollback: the commit that lands is the one of the preview, to the byte', async () => {
    const { exitCode, stdout } = await type('rollback production --steps 1 --reason "it answers 500" --json --yes');
    expect(exitCode).toBe(0);
    const { outcome, commit, preview, landed, images, holds } = JSON.parse(stdout);
    expect({ outcome, commit, holds }).toEqual({
      outcome: 'landed',
      commit: main(),
      holds: [{ environment: 'production', image: 'discord-bot', action: 'set', kind: 'rollback' }],
    });
    expect(images).toEqual([
      expect.objectContaining({ from: digests['bad'], to: digests['good'], winner: null, hold: null }),
    ]);
    expect(preview.head).toBe(tenant.remoteGit('rev-parse', 'main^'));
    expect(`${tenant.remoteGit('show', '--format=%B', '-s', 'main')}\n`).toBe(preview.message);
    expect(tenant.remoteGit('diff-tree', '-p', '--no-commit-id', 'main')).toBe(preview.diff.trimEnd());
    expect(landed).toEqual({ message: preview.message, diff: preview.diff, isAsPreviewed: true });
    golden(
      'rollback-unchanged',
      (await type(`rollback production --to ${digests['good']} --reason again`, yes)).stdout,
    );
  });

  test('status: what runs, why it stays, what waits', async () => {
    golden('status', (await type('status')).stdout);
    const { environments } = JSON.parse((await type('status --json')).stdout);
    const [, production] = environments;
    expect(production).toEqual({
      environment: 'production',
      deploys: 'on-promotion',
      fault: null,
      freeze: null,
      images: [
        {
          image: 'discord-bot',
          digest: digests['good'],
          release: expect.objectContaining({ digest: digests['good'], kind: 'rollback', actor: 'On Call' }),
          hold: expect.objectContaining({ kind: 'rollback', by: 'On Call', reason: 'it answers 500', until: null }),
          waits: expect.objectContaining({ is: 'build', digest: digests['bad'] }),
        },
      ],
    });
  });

  test('what is held is not promoted; release lets go, and promotion goes on', async () => {
    const refused = await type('promote production', yes);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('production/discord-bot is held') });
    const released = await type('release production --reason "it is fixed"', yes);
    golden('release', released.stdout);
    golden('release-nothing', (await type('release production --reason "it is fixed"', yes)).stdout);
    expect((await type('promote production --yes')).exitCode).toBe(0);
    expect(tenant.readOverlay()).toContain(digests['bad']);
  });

  test('hold: a push stays held; release deploys what waits, in one commit', async () => {
    const held = await type('hold staging --image discord-bot --reason "we look at it" --until 8h', yes);
    golden('hold', held.stdout);
    digests['better'] = await deploy('Better');
    expect(tenant.readOverlay('staging')).not.toContain(digests['better']);
    golden('status-held', (await type('status')).stdout);
    await type(`${nextCommand(held)} --yes`);
    expect(tenant.readOverlay('staging')).toContain(digests['better']);
  });

  test('a branch that moves while the question is open: the commit is decided again, and shown again', async () => {
    await type('promote production --yes');
    const answer = async (): Promise<boolean> => {
      digests['newer'] = await deploy('Newer');
      await type('promote production --yes');
      return true;
    };
    const { stdout, exitCode } = await type('rollback production --steps 1 --reason "it answers 500"', { answer });
    expect(exitCode).toBe(0);
    expect(tenant.readOverlay()).toContain(digests['bad']);
    expect(stdout).toContain('It is not the one of the preview:');
    golden('rollback-moved', stdout);
  });

  test('what the output says to do next works', async () => {
    const back = await type('rollback staging --steps 1 --reason "it answers 500" --yes');
    expect(tenant.readOverlay('staging')).toContain(digests['better']);
    await type(`${nextCommand(back)} --yes`);
    expect(tenant.readOverlay('staging')).toContain(digests['newer']);
  });

  test('a change by hand is shown with its author and subject', async () => {
    tenant.git('pull', '-q', '--rebase', 'origin', 'main');
    const path = 'overlays/staging/kustomization.yaml';
    const text = tenant.readOverlay('staging').replace(digests['newer'] ?? '', digests['good'] ?? '');
    tenant.commit({ [path]: `${text}\n` }, 'Back to the good one');
    golden('status-by-hand', (await type('status')).stdout);
  });
});

/** The command that the output ends with, without how npm starts it. */
function nextCommand({ stdout }: OnTerminal): string {
  const [, command = ''] = /^npm run -s slipway -- (.*)$/m.exec(stdout) ?? [];
  return command;
}
