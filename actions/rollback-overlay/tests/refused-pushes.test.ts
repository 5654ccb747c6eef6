import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { AskPorts } from '#core/release/ask.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { cutOff } from '#tests/support/cut-off.ts';
import { describeWriter, leaveHold, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { protect } from '#tests/support/protect.ts';
import { expectRefused } from '#tests/support/refusals.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

/** GitHub's words, as its documentation and users' logs show them. */
const WORDS = {
  GH006: 'error: GH006: Protected branch update failed for refs/heads/main. Required status check "ci" is expected.',
  GH013: 'error: GH013: Repository rule violations found for refs/heads/main. Cannot change this locked branch.',
  signatures:
    'error: GH013: Repository rule violations found for refs/heads/main. Commits must have verified signatures.',
};

let stage: Stage;
let lift: (() => void) | undefined;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => {
  stage.reset();
  stage.tenant.server.requests.length = 0;
});

afterEach(() => {
  stage.tenant.server.intercept = undefined;
  lift?.();
  lift = undefined;
});

afterAll(() => stage.tenant.close());

const pushes = () =>
  stage.tenant.server.requests.filter(({ method, url }) => method === 'POST' && /receive-pack$/.test(url));

/** What a writer waits for costs no time, and another writer's intent is open, so that this one is published. */
const contended = () => {
  leaveHold(stage.tenant, 'staging', 'wait');
  return { change: (ports: AskPorts): AskPorts => jumpOverPauses(ports) };
};

const refused = (name: string) => expectRefused(import.meta.dirname, name, stage.tenant, () => rollBack(stage.tenant));

/** Expects a red end within 5 s that names the remedy, and that nothing was written. */
async function expectRed(run: () => Promise<unknown>, sentence: RegExp): Promise<void> {
  const started = Date.now();
  await expect(run()).rejects.toThrow(sentence);
  expect(Date.now() - started).toBeLessThan(5_000);
  expect(stage.tenant.remoteGit('rev-parse', 'main')).toBe(stage.base);
}

describe('a token without the right', () => {
  beforeEach(() => {
    stage.tenant.server.intercept = async (request) => (request.url?.includes('git-receive-pack') ? 403 : undefined);
  });

  const asked = () => stage.tenant.server.requests.filter(({ url }) => url.includes('git-receive-pack'));

  test.each([
    ['rollback', () => rollBack(stage.tenant)],
    ['hold', () => hold(stage.tenant)],
  ])('%s: red with the remedy, asked once', async (_name, run) => {
    await expectRed(run, /main does not take the commit.*403.*contents: write/);
    expect(asked()).toHaveLength(1);
  });

  test('the whole message; with the right, it lands', async () => {
    await refused('push-403');
    stage.tenant.server.intercept = undefined;
    expect((await rollBack(stage.tenant)).outcome).toBe('landed');
  });

  test('where others write: red with the remedy, asked once', async () => {
    await expectRed(
      () => rollBack(stage.tenant, {}, contended()),
      /main does not take the commit.*403.*contents: write/,
    );
    expect(asked()).toHaveLength(1);
    expect(listIntents(stage.tenant)).toHaveLength(1);
  });
});

test.each(Object.entries(WORDS))(
  'a rule of the branch (%s): the whole message; let through, it lands',
  async (name, words) => {
    lift = protect(stage.tenant, 'refs/heads/main', words, 'pre-receive');
    await refused(`push-${name}`);
    lift();
    lift = undefined;
    expect((await rollBack(stage.tenant)).outcome).toBe('landed');
  },
);

describe.each([
  ['GH006', 'pre-receive'],
  ['GH013', 'pre-receive'],
  ['GH013', 'update'],
] as const)('a branch that is protected (%s, %s)', (code, hook) => {
  beforeEach(() => {
    lift = protect(stage.tenant, 'refs/heads/main', WORDS[code], hook);
  });

  test('red with the words of the server and the remedy, tried once; its intent is withdrawn', async () => {
    await expectRed(
      () => rollBack(stage.tenant),
      new RegExp(`main does not take the commit.*${code}.*bypass list\\)$`),
    );
    expect(pushes()).toHaveLength(3); // published, refused, withdrawn
    expect(listIntents(stage.tenant)).toEqual([]);
  });

  test('where others write: red, and its intent is withdrawn', async () => {
    const sentence = new RegExp(`main does not take the commit.*${code}.*bypass list\\)$`);
    await expect(rollBack(stage.tenant, {}, contended())).rejects.toThrow(sentence);
    expect(pushes()).toHaveLength(3); // published, refused, withdrawn
    expect(listIntents(stage.tenant)).toHaveLength(1); // the other writer's
    expect(stage.tenant.remoteGit('rev-parse', 'main')).toBe(stage.base);
  });
});

test('an intent that cannot be withdrawn is named, with what becomes of it', async () => {
  const { tenant, base } = stage;
  const run = rollBack(
    tenant,
    {},
    {
      change: (ports) => {
        const quick = contended().change(ports);
        let published = false;
        const update: typeof ports.transport.update = async (updates) => {
          const isDeletion = updates.every(({ commit }) => commit === undefined);
          if (published && isDeletion) return { outcome: 'unclear', reason: 'the network is gone' };
          published = true;
          return ports.transport.update(updates);
        };
        return { ...quick, transport: { ...ports.transport, update } };
      },
    },
  );
  lift = protect(tenant, 'refs/heads/main', WORDS.GH006, 'pre-receive');
  await expect(run).rejects.toThrow(/its intent [0-9A-Z]{26} stays open, and the next writer .* lands it$/);
  expect(listIntents(tenant)).toHaveLength(2);
  lift();
  lift = undefined;
  const quick = { change: contended().change };
  expect((await bump(tenant, { images: `discord-bot=${stage.bad}` }, quick)).outcome).toBe('held');
  expect(stage.read()).toBe(stage.good);
  expect(tenant.remoteGit('rev-parse', 'main^')).toBe(base);
  expect(listIntents(tenant)).toEqual([]);
});

test('an intent whose publishing got no answer is named, where the network is gone from then on', async () => {
  const { tenant, base } = stage;
  const change = (ports: AskPorts): AskPorts => {
    let isGone = false;
    const update: typeof ports.transport.update = async (updates) => {
      if (!isGone) await ports.transport.update(updates);
      isGone = true;
      return { outcome: 'unclear', reason: 'the connection was reset' };
    };
    const git = cutOff(ports.git, () => isGone);
    return { ...jumpOverPauses(ports), git, transport: { ...ports.transport, update } };
  };
  const run = rollBack(tenant, {}, { change, sha: base });
  await expect(run).rejects.toThrow(/does not answer; its intent [0-9A-Z]{26} stays open, and the next writer/);
  expect(listIntents(tenant)).toHaveLength(1);
  expect((await bump(tenant, { images: `discord-bot=${stage.bad}` }, { change: jumpOverPauses })).outcome).toBe('held');
  expect(stage.read()).toBe(stage.good);
});

test('an intent that waits for the commit after the one it folded is taken back as well', async () => {
  const { tenant } = stage;
  const { digest, source } = await stage.change('another');
  const build = { digest, source: source as CommitSha }; // git printed it
  const images = new Map(['discord-bot', 'dev-sandbox'].map((image) => [image, build] as const));
  const first = { ...describeWriter('first'), id: ulid(Date.now() - 1_000) };
  leaveIntent(tenant, { kind: 'rollback', environment: 'production', images, isUnchecked: false, ...first });
  let isGone = false;
  const change = (ports: AskPorts): AskPorts => {
    const update: typeof ports.transport.update = async (updates) => {
      const pushed = await ports.transport.update(updates);
      isGone ||= updates.some(({ ref }) => ref === 'refs/heads/main');
      return pushed;
    };
    const git = cutOff(ports.git, () => isGone);
    return { ...jumpOverPauses(ports), git, transport: { ...ports.transport, update } };
  };
  await expect(rollBack(tenant, {}, { change, sha: stage.base })).rejects.toThrow(/does not answer$/);
  expect([isGone, stage.read(), listIntents(tenant)]).toEqual([true, digest, []]);
});

describe('a server that takes no refs outside refs/heads', () => {
  test.each(['pre-receive', 'update'] as const)(
    'the writer goes straight to the branch, and says so (%s)',
    async (hook) => {
      const options = contended();
      lift = protect(stage.tenant, 'refs/slipway/*', 'deny updating a hidden ref', hook);
      // the other writer's ref is there before the server refuses them: it cannot be deleted either
      stage.tenant.remoteGit('update-ref', '-d', listIntents(stage.tenant)[0] ?? '');
      let isMoved = false;
      const change = (ports: AskPorts): AskPorts => {
        const quick = options.change(ports);
        const update: typeof ports.transport.update = async (updates) => {
          if (!isMoved) stage.tenant.commit({ 'notes.md': 'a person is faster\n' });
          isMoved = true;
          return ports.transport.update(updates);
        };
        return { ...quick, transport: { ...ports.transport, update } };
      };
      const result = await rollBack(stage.tenant, {}, { change, sha: stage.base });
      expect(result.outcome).toBe('landed');
      expect(result.runner.warnings.join()).toMatch(/The server takes no intent .*writing straight to the branch/);
      expect(stage.read()).toBe(stage.good);
    },
  );
});
