import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { openReplay, type Replay } from '#lab/notifications/replay.ts';
import { CORNERS, type Commit, DIGESTS, SITUATIONS, type Situation } from '#lab/notifications/situations.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { expectGolden } from '#tests/support/golden.ts';

/** The statuses, which core/verdict/tests/replayed.test.ts judges. */
const TRACES = join(repositoryRoot, 'core/verdict/tests/traces');
const ALL = [...SITUATIONS, ...CORNERS];

let lab: Lab;
let replay: Replay;

beforeAll(async () => {
  const progress = lineProgress((line) => process.stderr.write(`${line}\n`));
  const toolbox = await obtainTools(['kubernetes', 'argocd', 'etcd', 'act', 'git'], progress);
  lab = await openLab({ progress, path: toolbox.path });
  replay = await lab.build(() => openReplay(lab, toolbox));
  await Promise.all(ALL.map((situation) => replay.play(situation)));
  await sleep(2_000);
}, 2_700_000);

afterAll(async () => {
  await lab?.stop();
  expect(findTraces(lab.id, lab.dir)).toEqual([]);
}, 60_000);

const nameOf = (sha: string): string => Object.entries(replay.commits).find(([, commit]) => commit === sha)?.[0] ?? sha;
const withoutTime = (text: string | null): string => (text ?? '').replace(/ at=\S+/, '');
/** Several entries that turn true at one time are sent in no order of their own. */
const sorted = (list: readonly unknown[]): unknown[] =>
  [...list].sort((one, other) => JSON.stringify(one).localeCompare(JSON.stringify(other)));

function tell(status: StatusRecord): readonly string[] {
  const context = status.context.endsWith('/render') ? ['render'] : [];
  return [status.state, nameOf(status.sha), withoutTime(status.description), ...context];
}

test.each(ALL.map((situation) => [situation.name, situation] as const))('%s', (_name, situation) => {
  expect(sorted(replay.said(situation).map(tell))).toEqual(sorted(situation.expected));
  for (const status of replay.said(situation)) {
    expect(status.login).toBe('acme-slipway[bot]');
    expect((status.description ?? '').length).toBeLessThanOrEqual(140);
    expect(status.description).toMatch(
      /^v1 phase=\w+ sync=\w+ health=\w+ at=\S+( window=true)?( deleting=true)?( runs=[0-9a-f,+]+)?$/,
    );
  }
});

test.each(SITUATIONS.map((situation) => [situation.name, situation] as const))('the trace of %s', (name, situation) => {
  expectGolden(join(TRACES, `${name}.json`), `${JSON.stringify(describeTrace(situation), null, 2)}\n`);
});

test('GitHub took every one of them, as its description says', () => {
  expect(replay.github.rest.violations).toEqual([]);
});

/** What is left for them: names, times and ids are the same in every run. */
function describeTrace(situation: Situation): unknown {
  const commits = situation.branch;
  const inOrder = situation.expected.flatMap((expected) => {
    const found = replay.said(situation).find((status) => JSON.stringify(tell(status)) === JSON.stringify(expected));
    return found === undefined ? [] : [found];
  });
  return {
    situation: situation.name,
    application: 'production',
    app: 'acme-slipway[bot]',
    // oldest first; each is one release of discord-bot into production
    git: commits.map((name: Commit) => ({ name, sha: replay.commits[name], digest: `sha256:${DIGESTS[name]}` })),
    statuses: inOrder.map((status, index) => describeTraced(status, index, situation.name)).reverse(),
    words: situation.words,
  };
}

function describeTraced(status: StatusRecord, index: number, name: string): unknown {
  const time = (seconds: number): string =>
    new Date(Date.UTC(2026, 10, 27, 16, 0, seconds)).toISOString().replace('.000', '');
  return {
    id: index + 1,
    sha: status.sha,
    state: status.state,
    context: status.context.replace(name, 'production'),
    description: (status.description ?? '').replace(/at=\S+/, `at=${time(index)}`),
    target_url: status.target_url,
    creator: { login: status.login },
    created_at: time(index + 1),
  };
}
