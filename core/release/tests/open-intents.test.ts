import { expect, test } from '@jest/globals';
import type { Fetch } from '#core/git/fetch.ts';
import { BORROWED, type Git } from '#core/git/repository.ts';
import type { Intent } from '#core/release/intent.ts';
import { formatIntent } from '#core/release/intent-file.ts';
import { glanceAt, HEAD, openTip, readTip, readTipFor, refOf } from '#core/release/open-intents.ts';

import type { CommitSha } from '#core/values/reference.ts';
import { silentLog } from '#tests/support/silent-log.ts';

const MAIN = 'refs/heads/main';
const [old, now, mine, theirs] = ['1', '2', '3', '4'].map((digit) => digit.repeat(40)) as CommitSha[];
const [OWN, OTHER] = ['01JZ0000000000000000000001', '01JZ0000000000000000000000'];
const intent: Intent = {
  kind: 'hold',
  environment: 'production',
  image: '*',
  until: undefined,
  id: OWN as string,
  run: '',
  actor: 'octocat',
  at: new Date('2026-01-02T12:00:00Z'),
  reason: 'we look at it',
};
const own = { ref: refOf(intent.id), commit: mine as CommitSha, intent };
const other = { ref: refOf(OTHER as string), commit: theirs as CommitSha };

/** A remote with refs, and a repository of ours that has refs of its own and gets those that a fetch asks for. */
function open(remote: Record<string, CommitSha | undefined>, here: Record<string, CommitSha | undefined> = {}) {
  const fetches: Fetch[] = [];
  const read = (name: string) => (fetches.length > 0 ? { [HEAD]: remote[MAIN], ...remote } : here)[name];
  const git = {
    lsRefs: async () => new Map(Object.entries(remote)),
    fetch: async (what: Fetch) => fetches.push(what) > 0 && remote[MAIN] !== undefined,
    revParse: async (name: string) => read(name),
    readRefs: async () =>
      Object.entries({ [HEAD]: remote[MAIN], ...remote })
        .filter(([ref]) => ref !== MAIN)
        .map(([ref, commit]) => ({ ref, commit, message: formatIntent(intent) })),
  } as unknown as Git;
  return { ports: { git, log: silentLog }, fetches };
}

test('a list of the remote tells who waits: a name that is no ULID is nobody’s intent', async () => {
  const { ports, fetches } = open({ [MAIN]: now, [own.ref]: mine, 'refs/slipway/intents/last-one-wins': theirs });
  expect(await glanceAt('main', ports)).toEqual({ head: now, open: [{ ref: own.ref, commit: mine }] });
  expect(fetches).toEqual([]);
});

test('a branch that is not there is refused by name', async () => {
  const { ports } = open({});
  await expect(glanceAt('main', ports)).rejects.toThrow('the repository has no branch "main"');
  await expect(readTip('main', ports)).rejects.toThrow('the repository has no branch "main"');
  await expect(readTipFor(own, 'main', ports)).rejects.toThrow('the repository has no branch "main"');
});

test.each([
  ['where the checkout is', BORROWED],
  ['where it was read before', HEAD],
])('a writer alone reads nothing of a branch that is %s', async (_where, ref) => {
  const { ports, fetches } = open({ [MAIN]: now, [own.ref]: mine }, { [ref]: now });
  const tip = await openTip(await glanceAt('main', ports), own, 'main', ports);
  expect([tip, fetches]).toEqual([{ head: now, open: [own], foreign: [] }, []]);
});

test('an own intent whose ref is gone is not open, whatever the writer remembers of it', async () => {
  const { ports } = open({ [MAIN]: now }, { [BORROWED]: now });
  expect((await openTip(await glanceAt('main', ports), own, 'main', ports)).open).toEqual([]);
});

test.each<[string, Record<string, CommitSha | undefined>, CommitSha | undefined]>([
  ['the branch has moved on', { [own.ref]: mine }, old],
  ['another intent waits', { [own.ref]: mine, [other.ref]: theirs }, now],
])('all is read where %s', async (_what, refs, borrowed) => {
  const { ports, fetches } = open({ [MAIN]: now, ...refs }, { [BORROWED]: borrowed });
  const tip = await openTip(await glanceAt('main', ports), own, 'main', ports);
  expect([tip.head, fetches.length]).toEqual([now, 1]);
});

test.each<[string, Record<string, CommitSha | undefined>, unknown[]]>([
  ['waits', { [own.ref]: mine }, [own]],
  ['is gone', {}, []],
  ['was made again with something else', { [own.ref]: theirs }, []],
])('a writer that waits learns by one request that its intent %s', async (_what, refs, expected) => {
  const { ports, fetches } = open({ [MAIN]: now, ...refs });
  expect(await readTipFor(own, 'main', ports)).toEqual({ head: now, open: expected, foreign: [] });
  expect(fetches).toHaveLength(1);
});
