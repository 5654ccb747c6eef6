import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent } from '#core/release/intent-file.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, reconcile } from '#tests/support/writers.ts';

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

afterAll(() => stage.tenant.close());

beforeEach(() => stage.reset());

const head = (): string => stage.tenant.remoteGit('rev-parse', 'main');
const intents = (): string => stage.tenant.remoteGit('for-each-ref', '--format=%(refname)', 'refs/slipway/intents');

/** Leaves an intent behind, as a writer does that died after it published; `git commit-tree` makes its commit. */
function leave(intent: Intent, message = formatIntent(intent)): string {
  const git = (args: readonly string[], input?: string) =>
    execFileSync('git', ['-C', stage.tenant.remote, '-c', 'user.name=x', '-c', 'user.email=x@example.com', ...args], {
      encoding: 'utf8',
      ...(input === undefined ? {} : { input }),
    }).trim();
  const commit = git(['commit-tree', git(['mktree'], ''), '-m', message]);
  git(['update-ref', `refs/slipway/intents/${intent.id}`, commit]);
  return commit;
}

async function deploy(text: string, time = Date.now()): Promise<Intent> {
  const { digest, source } = await stage.change(text);
  const build = { digest, source: source as never }; // a whole commit id
  return {
    kind: 'deploy',
    environments: undefined,
    images: new Map([['discord-bot', build]]),
    isByHand: false,
    id: ulid(time),
    run: 'https://github.example/acme/tenant/actions/runs/1',
    actor: 'octocat',
    at: new Date(time),
    reason: '',
  };
}

describe('an intent that was left behind', () => {
  test('is landed once, and its ref is gone; the second run writes nothing', async () => {
    const intent = await deploy('left behind');
    leave(intent);
    const before = head();
    const { outcome, folded } = await reconcile(stage.tenant);
    expect([outcome, folded]).toEqual(['landed', 1]);
    expect(stage.tenant.remoteGit('log', '--format=%B', `${before}..main`)).toContain(`intent=${intent.id}`);
    expect(intents()).toBe('');
    const after = head();
    expect(await reconcile(stage.tenant)).toMatchObject({ outcome: 'unchanged', folded: 0 });
    expect(head()).toBe(after);
  });

  test('is landed by the next bump, beside its own', async () => {
    const left = await deploy('left behind');
    leave({ ...left, environments: ['staging'] } as Intent);
    const other = await stage.change('the next');
    const landed = await bump(stage.tenant, { images: `dev-sandbox=${other.digest}` });
    expect([landed.outcome, landed.batch]).toEqual(['landed', 2]);
    expect(intents()).toBe('');
  });

  test('of yesterday is dropped, and said', async () => {
    const old = await deploy('of yesterday', Date.now() - 25 * 3_600_000);
    leave({ ...old, environments: ['staging'] } as Intent);
    stage.tenant.remoteGit('update-ref', 'refs/heads/main', stage.base);
    const { runner, outcome } = await reconcile(stage.tenant);
    expect(outcome).toBe('unchanged');
    expect(runner.warnings.join()).toContain(`Intent ${old.id} (deploy, by octocat, `);
    expect(intents()).toBe('');
  });

  test('that landed before is not landed again when its ref is made again', async () => {
    const intent = await deploy('landed');
    const commit = leave(intent);
    await reconcile(stage.tenant);
    await hold(stage.tenant, { environment: 'staging' });
    stage.tenant.remoteGit('update-ref', `refs/slipway/intents/${intent.id}`, commit);
    const before = head();
    const { runner } = await reconcile(stage.tenant);
    expect(runner.warnings.join()).toContain(`Intent ${intent.id} landed before`);
    expect([head(), intents()]).toEqual([before, '']);
  });

  test('that cannot be written is refused by name and stops no other', async () => {
    const faulty = await deploy('faulty');
    const digest = `sha256:${'f'.repeat(64)}` as const;
    const images = new Map([['discord-bot', { digest, source: [...faultyBuilds(faulty)][0]?.source as never }]]);
    leave({ ...faulty, images, environments: ['staging'] } as Intent);
    leave({ ...(await deploy('right')), environments: ['production'] } as Intent);
    const { outcome, runner } = await reconcile(stage.tenant);
    expect(outcome).toBe('landed');
    expect(runner.warnings.join() + runner.lines.join()).toContain(digest);
    expect(intents()).toBe('');
  });

  test('what is not an intent of ours is left as it is, and reported', async () => {
    leave(await deploy('x'), 'a stranger writes here');
    const ref = intents();
    const { summary } = await reconcile(stage.tenant);
    expect(summary).toContain(`\`${ref}\` is not an intent of this version of Slipway`);
    expect(intents()).toBe(ref);
  });

  test('an intent under the name of another one is left as well: it would land again under each name', async () => {
    const intent = await deploy('copied');
    const commit = leave(intent);
    const other = `refs/slipway/intents/${ulid()}`;
    stage.tenant.remoteGit('update-ref', other, commit);
    stage.tenant.remoteGit('update-ref', '-d', `refs/slipway/intents/${intent.id}`);
    const { summary } = await reconcile(stage.tenant);
    expect(summary).toContain(`\`${other}\` is not an intent of this version of Slipway`);
    expect(intents()).toBe(other);
  });
});

function* faultyBuilds(intent: Intent) {
  if ('images' in intent) yield* intent.images.values();
}

test('when a freeze is over, the newest build that waits lands once', async () => {
  const now = new Date();
  const at = (hours: number): string =>
    new Date(now.getTime() + hours * 3_600_000).toISOString().slice(0, 16).replace('T', ' ');
  const freeze = `freezes: [{reason: a fair, zone: UTC, from: "${at(-1)}", to: "${at(1)}"}]`;
  configure(stage, 'production', `deploys: on-push, ${freeze}`);
  const first = await stage.change('first');
  expect((await bump(stage.tenant, { images: stage.all(first.digest) })).outcome).toBe('held');
  const second = await stage.change('second');
  expect((await bump(stage.tenant, { images: stage.all(second.digest) })).outcome).toBe('held');
  const during = await reconcile(stage.tenant);
  expect(during.deploys.find(({ images }) => images[0]?.environment === 'production')?.outcome).toBe('held');
  const change = later(2);
  const after = await reconcile(stage.tenant, {}, { change });
  expect(after.outcome).toBe('landed');
  expect(stage.read()).toBe(second.digest);
  expect((await reconcile(stage.tenant, {}, { change })).outcome).toBe('unchanged');
});

/** A run whose clock is hours ahead. */
function later(hours: number): NonNullable<NonNullable<Parameters<typeof reconcile>[2]>['change']> {
  return (ports) => ({
    ...ports,
    clock: { ...ports.clock, now: () => new Date(Date.now() + hours * 3_600_000) },
  });
}

test('a writer whose open intent is deleted lands it all the same', async () => {
  const { digest, source } = await stage.change('deleted');
  const rival = await stage.change('a rival');
  let pushes = 0;
  const result = await bump(
    stage.tenant,
    { images: `discord-bot=${digest}`, 'source-sha': source },
    {
      change: (ports) => ({
        ...ports,
        transport: {
          ...ports.transport,
          update: async (updates) => {
            pushes += 1;
            const pushed = await ports.transport.update(updates);
            // the first push publishes the intent: a stranger deletes its ref at once
            if (pushes === 1) for (const ref of intents().split('\n')) stage.tenant.remoteGit('update-ref', '-d', ref);
            return pushed;
          },
        },
      }),
    },
  );
  expect(rival.digest).not.toBe(digest);
  expect(result.outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
});
