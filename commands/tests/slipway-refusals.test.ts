import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { ask } from '#commands/slipway/ask.ts';
import type { Digest } from '#core/values/reference.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { git } from '#tests/support/repositories.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, type OnTerminal, shellEnvironment, steady, typeSlipway } from '#tests/support/terminal.ts';
import { build, bump } from '#tests/support/writers.ts';

let tenant: Tenant;
let clone: string;
let good: Digest;

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'] });
  clone = cloneForPerson(tenant);
  good = await deploy('Good answers');
  await deploy('Answers 500');
}, 60_000);

afterAll(() => tenant.close());

async function deploy(text: string): Promise<Digest> {
  tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
  const digest = await build(tenant);
  await bump(tenant, { images: `discord-bot=${digest}` });
  return digest;
}

const BACK = ['rollback', 'production', '--steps', '1', '--reason', 'it answers 500', '--yes'];
const type = (argv: readonly string[], folder = clone): Promise<OnTerminal> => typeSlipway(tenant, folder, argv);
const main = (): string => tenant.remoteGit('rev-parse', 'main');
const golden = (name: string, text: string): void =>
  expectGolden(join(import.meta.dirname, 'golden', 'slipway', `${name}.txt`), steady(text));

/** What was typed and what came of it, as a person sees it. */
async function recordAll(lines: readonly (readonly string[])[], exitCode: number): Promise<string> {
  const seen: string[] = [];
  for (const argv of lines) {
    const { stderr, ...result } = await type(argv);
    expect([argv, result.exitCode, result.stdout]).toEqual([argv, exitCode, '']);
    seen.push(`$ slipway ${argv.join(' ')}\n${stderr}`);
  }
  return seen.join('\n');
}

test('wrong usage is 2, with the usage; nothing is asked of the remote', async () => {
  const asked = tenant.server.requests.length;
  const lines = [
    [],
    ['rolback'],
    ['history', 'production', 'staging'],
    ['history', '--limit', '0'],
    ['status', 'production'],
    ['rollback', '--steps', '1', '--reason', 'why'],
    ['rollback', 'production', '--steps', '1'],
    ['rollback', 'production', '--reason', 'why'],
    ['rollback', 'production', '--reason', 'why', '--steps', '11'],
    ['rollback', 'production', '--reason', 'why', '--steps', '1', '--to', 'abcdef0'],
    ['rollback', 'production', '--reason', 'why', '--to', 'main'],
    ['rollback', 'production', '--step', '1'],
    ['promote', 'Production'],
    ['hold', 'production', '--reason', ' '],
    ['hold', 'production', '--reason', 'why', '--until', 'tomorrow'],
    ['release', 'production', '--reason', 'why', '--branch', 'a..b'],
    ['release', 'production', '--reason', 'why', '--config', '../slipway.yaml'],
  ];
  golden('usage', await recordAll(lines, 2));
  expect(tenant.server.requests).toHaveLength(asked);
});

test('what cannot be is refused in one sentence, with the remedy; nothing is written', async () => {
  const before = main();
  const lines = [
    ['history', 'prodction'],
    ['history', '--image', 'discord-bt'],
    ['status', '--branch', 'gone'],
    ['rollback', 'canary', '--steps', '1', '--reason', 'why'],
    ['rollback', 'production', '--steps', '9', '--reason', 'why'],
    ['rollback', 'production', '--to', 'abcdef0', '--reason', 'why'],
    ['promote', 'production'],
    ['hold', 'production', '--image', 'web', '--reason', 'why'],
  ];
  golden('refusals', await recordAll(lines, 1));
  expect(main()).toBe(before);
});

test.each(['history', 'status', 'rollback', 'promote', 'hold', 'release', 'preview'])('%s --help', async (verb) => {
  golden(`help-${verb}`, (await type([verb, '--help'])).stdout);
});

test('--help names every verb with an example', async () => {
  golden('help', (await type(['--help'])).stdout);
});

describe('the clone', () => {
  test('a folder that is not one is refused, and so is a clone without a name for the commit', async () => {
    const nowhere = await type(['status', '--repository', tenant.temp]);
    expect(nowhere).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('name it by --repository') });
    const nameless = cloneForPerson(tenant, 'nameless');
    git(nameless, 'config', '--unset', 'user.email');
    const refused = await type(BACK, nameless);
    expect(refused).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('set git config user.name and user.email'),
    });
    expect((await type(['history'], nameless)).exitCode).toBe(0);
  });

  test("its own git settings reach the remote, as its credentials do; without them the remote's answer is told", async () => {
    tenant.server.intercept = async ({ headers }) => (headers['x-key'] === 'mine' ? undefined : 403);
    try {
      const refused = await type(['history']);
      expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('git fetch must work in') });
      const own = cloneForPerson(tenant, 'with-key');
      git(own, 'config', 'http.extraHeader', 'X-Key: mine');
      expect((await type(['history'], own)).stdout).toContain('Answers 500');
    } finally {
      tenant.server.intercept = undefined;
    }
  });

  test('only what the clone says beyond the rest is passed on: a header is not sent twice', async () => {
    const { HOME: home = '' } = shellEnvironment(tenant);
    git(home, 'config', '--file', join(home, '.gitconfig'), 'http.extraHeader', 'X-Key: mine');
    const seen = new Set<unknown>();
    tenant.server.intercept = async ({ headers }) => void seen.add(headers['x-key']);
    try {
      await type(['history']);
      expect([...seen]).toEqual(['mine']);
    } finally {
      tenant.server.intercept = undefined;
      git(home, 'config', '--file', join(home, '.gitconfig'), '--unset', 'http.extraHeader');
    }
  });

  test('nothing of GitHub is in the environment, and no request carries a token', async () => {
    expect(Object.keys(shellEnvironment(tenant)).filter((name) => /^(GITHUB|RUNNER|ACTIONS)/.test(name))).toEqual([]);
    const asked = tenant.server.requests.length;
    await type(['history']);
    expect(tenant.server.requests.length).toBeGreaterThan(asked);
    expect(tenant.server.requests.slice(asked).filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });
});

describe('a registry that does not answer', () => {
  beforeAll(() => {
    tenant.commit({ 'app/main.js': '// a build is on its way\n' }, 'Not built yet');
    tenant.registry.fail({ status: 403, times: 1_000 });
  });

  test('status shows the rest, and that nothing is known of what waits', async () => {
    const { exitCode, stdout } = await type(['status']);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: expect.stringContaining('waits: unknown, ') });
  });

  test('rollback refuses; --override lands it, and says so in the commit', async () => {
    const refused = await type(BACK);
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing was written') });
    expect((await type([...BACK, '--override'])).exitCode).toBe(0);
    expect(tenant.readOverlay()).toContain(good);
    expect(tenant.remoteGit('log', '-1', '--format=%B', 'main')).toContain('the registry did not answer: override');
  });
});

describe('the question', () => {
  const answer = async (typed: string | undefined): Promise<{ said: boolean; shown: string }> => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const said = ask('Land this commit on main? [y/N] ', input, output);
    if (typed === undefined) input.end();
    else input.write(typed);
    return { said: await said, shown: String(output.read() ?? '') };
  };
  test.each([
    ['y\n', true],
    ['Yes\n', true],
    ['\n', false],
    ['n\n', false],
    ['yesterday\n', false],
    [undefined, false],
  ])('%j is %j', async (typed, said) => {
    expect(await answer(typed)).toEqual({ said, shown: expect.stringContaining('[y/N]') });
  });
});
