import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { listUntruths, type Trace } from '#core/verdict/tests/traced.ts';
import { openReplay, type Replay } from '#lab/notifications/replay.ts';
import { DIGESTS, SITUATIONS, type Situation } from '#lab/notifications/situations.ts';
import { openUnreliableWay, type UnreliableWay } from '#lab/notifications/unreliable.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** Repeats a run: what becomes of each notification follows from it. */
const SEED = Number(process.env['NOTIFICATIONS_SEED'] ?? 13);

let lab: Lab;
let replay: Replay;
let way: UnreliableWay;

beforeAll(async () => {
  const progress = lineProgress((line) => process.stderr.write(`${line}\n`));
  const toolbox = await obtainTools(['kubernetes', 'argocd', 'etcd', 'act', 'git'], progress);
  lab = await openLab({ progress, path: toolbox.path });
  const open = async (url: string): Promise<UnreliableWay> => {
    way = await openUnreliableWay(lab, url, SEED);
    return way;
  };
  replay = await lab.build(() => openReplay(lab, toolbox, { way: open }));
  await Promise.all(
    SITUATIONS.map(async (situation) => {
      await forge(situation);
      await replay.play(situation);
      await forge(situation);
    }),
  );
  await sleep(2_000);
  await way.deliverLate();
}, 2_700_000);

afterAll(async () => {
  await lab?.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
}, 60_000);

/** A person with the right to write statuses says of every commit that it runs, in Argo CD's words. */
async function forge({ name, branch }: Situation): Promise<void> {
  const { github, commits } = replay;
  for (const commit of branch) {
    const runs = DIGESTS[commit].slice(0, 12);
    const description = `v1 phase=Succeeded sync=Synced health=Healthy at=${new Date().toISOString()} runs=${runs}`;
    const answer = await fetch(`${github.url}/api/v3/repos/acme/tenant/statuses/${commits[commit]}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${github.userToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({ state: 'success', context: `argocd/${name}`, description }),
    });
    if (!answer.ok) throw new Error(`the forgery is not taken: HTTP ${answer.status} ${await answer.text()}`);
  }
}

/** What GitHub has of a situation, in the order in which it came. */
function traceOf(situation: Situation): Trace {
  return {
    ...{ application: situation.name, app: 'acme-slipway[bot]', words: { ...situation.words } as Trace['words'] },
    git: situation.branch.map((name) => ({ name, sha: replay.commits[name], digest: `sha256:${DIGESTS[name]}` })),
    statuses: replay.said(situation).map(({ login, createdAt, description, target_url: url, ...status }) => ({
      ...status,
      ...{ description: description ?? '', target_url: url ?? '', creator: { login }, created_at: createdAt },
    })),
  };
}

test(`of what the controller sent (seed ${SEED}), three in ten were lost, others doubled and overtaken`, () => {
  const all = [...way.fates.values()].reduce((sum, count) => sum + count, 0);
  const share = (...fates: readonly Parameters<typeof way.fates.get>[0][]): number =>
    fates.reduce((sum, fate) => sum + (way.fates.get(fate) ?? 0), 0) / all;
  expect(all).toBeGreaterThan(50);
  expect(share('lost', 'lost reply')).toBeGreaterThan(0.2);
  expect(share('lost', 'lost reply')).toBeLessThan(0.4);
  for (const fate of ['lost', 'lost reply', 'doubled', 'late'] as const) expect(share(fate)).toBeGreaterThan(0.04);
});

test('GitHub has what the controller wrote more than once, in another order, and beside what others wrote', () => {
  const traces = SITUATIONS.map(traceOf);
  const own = ({ app, statuses }: Trace) => statuses.filter(({ creator }) => creator.login === app);
  const isDoubled = traces.filter((one) => {
    const keys = own(one).map(({ sha, context, state, description }) => [sha, context, state, description].join(' '));
    return new Set(keys).size < keys.length;
  });
  const isReordered = traces.filter((one) => {
    const places = own(one).map(({ sha }) => one.git.findIndex((commit) => commit.sha === sha));
    return places.some((place, at) => place < (places[at - 1] ?? 0));
  });
  const isForged = traces.filter((one) => own(one).length < one.statuses.length);
  expect(isDoubled.length).toBeGreaterThan(3);
  expect(isReordered.length).toBeGreaterThan(1);
  expect(isForged).toHaveLength(SITUATIONS.length);
});

test.each(SITUATIONS.map((situation) => [situation.name, situation] as const))(
  '%s: the same end',
  (_name, situation) => {
    expect(listUntruths(traceOf(situation))).toEqual([]);
  },
);

test('GitHub took every one of them, as its description says', () => {
  expect(replay.github.rest.violations).toEqual([]);
});
