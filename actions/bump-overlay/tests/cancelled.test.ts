import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ulid } from 'ulid';
import type { Intent } from '#core/release/intent.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { describeWriter, leaveIntent, listIntents } from '#tests/support/intents.ts';
import { bump, reconcile } from '#tests/support/writers.ts';
import { type Five, inputsOf, openFive } from './five.ts';

jest.setTimeout(300_000);

let five: Five;
let stage: Five['stage'];

beforeAll(async () => {
  five = await openFive();
  stage = five.stage;
});

afterAll(() => stage.tenant.close());

beforeEach(() => five.reset());

describe('five quick commits, of which some runs are cancelled before their bump', () => {
  test('all but the last: the last one lands', async () => {
    expect((await bump(stage.tenant, inputsOf(five.at(4)))).outcome).toBe('landed');
    expect([five.released(), stage.read()]).toEqual([[4], five.at(4).digest]);
  });

  test('a cancelled run that is run again finds itself superseded, and its summary names the winner', async () => {
    await bump(stage.tenant, inputsOf(five.at(4)));
    for (const index of [0, 3]) {
      const again = await bump(stage.tenant, inputsOf(five.at(index)));
      expect([again.outcome, again.images[0]?.winner?.source]).toEqual(['superseded', five.at(4).source]);
      expect(again.summary).toContain(five.at(4).source.slice(0, 7));
    }
    expect(five.released()).toEqual([4]);
    expect(stage.read()).toBe(five.at(4).digest);
  });

  test('where an older bump took the last one’s place in the queue, Reconcile lands the last build', async () => {
    for (const index of [0, 3]) await bump(stage.tenant, inputsOf(five.at(index)));
    expect(stage.read()).toBe(five.at(3).digest);
    const { outcome, summary } = await reconcile(stage.tenant);
    expect(outcome).toBe('landed');
    expect(summary).toContain(five.at(4).digest.slice('sha256:'.length, 'sha256:'.length + 7));
    expect(five.released()).toEqual([0, 3, 4]);
    expect(stage.read()).toBe(five.at(4).digest);
  });
});

/** Leaves an open intent for the other environment, whose writer comes first: a bump publishes and waits behind it. */
function leaveFirst(): Intent {
  const build = { ...five.at(0), source: five.at(0).source as CommitSha }; // a whole commit id
  const images = new Map([['discord-bot', build]]);
  const writer = { ...describeWriter(), id: ulid(Date.now() - 1_000) };
  const intent: Intent = { kind: 'deploy', environments: ['staging'], images, isByHand: false, ...writer };
  leaveIntent(stage.tenant, intent);
  return intent;
}

/** Runs a bump as the runner does and cancels it between its intent and its turn; returns the intent's id. */
async function cancelPublished(change: ReturnType<Five['at']>): Promise<string> {
  const before = listIntents(stage.tenant);
  const fresh = (): string | undefined => listIntents(stage.tenant).find((ref) => !before.includes(ref));
  let isOver = false;
  const run = stage.tenant.bump(inputsOf(change), {
    onStart: (pid) => {
      const look = (): void => {
        if (isOver) return;
        if (fresh() === undefined) setTimeout(look, 20);
        else process.kill(pid, 'SIGINT'); // as GitHub cancels
      };
      look();
    },
  });
  const { code, outputs } = await run;
  isOver = true;
  expect([code, outputs]).toEqual([null, {}]);
  const id = fresh()?.split('/').at(-1);
  if (id === undefined) throw new Error('the run left no intent');
  return id;
}

describe('a run that is cancelled between its intent and its landing', () => {
  let id: string;

  beforeEach(async () => {
    leaveFirst();
    id = await cancelPublished(five.at(1));
    expect(five.released()).toEqual([]);
  });

  test('a newer commit’s bump answers it: superseded, in its log by name', async () => {
    const next = await bump(stage.tenant, inputsOf(five.at(4)), { change: jumpOverPauses });
    expect(next.outcome).toBe('landed');
    const lines = next.runner.lines.join('\n');
    expect(lines).toMatch(
      new RegExp(`intent ${id} of octocat \\(deploy, https?://\\S+/runs/42\\): superseded\\n.*superseded by`),
    );
    expect(lines).toContain(`superseded by ${five.at(4).digest.slice(7, 14)}… from ${five.at(4).source.slice(0, 7)}`);
    expect([stage.read(), five.released(), listIntents(stage.tenant)]).toEqual([five.at(4).digest, [4], []]);
  });

  test('an older commit’s bump lands it, and says so in its log and in the commit', async () => {
    const next = await bump(stage.tenant, inputsOf(five.at(0)), { change: jumpOverPauses });
    expect(next.outcome).toBe('superseded');
    expect(next.runner.lines.join('\n')).toMatch(new RegExp(`intent ${id} of octocat \\(deploy, \\S+\\): landed`));
    expect(stage.tenant.remoteGit('log', '-1', '--format=%B', 'main')).toContain(`intent=${id}`);
    expect([stage.read(), five.released(), listIntents(stage.tenant)]).toEqual([five.at(1).digest, [1], []]);
    await bump(stage.tenant, inputsOf(five.at(4)));
    expect(stage.read()).toBe(five.at(4).digest);
  });

  test('where no other bump comes, Reconcile lands it, says so, and brings the last build', async () => {
    const { outcome, runner, folded } = await reconcile(stage.tenant, {}, { change: jumpOverPauses });
    expect([outcome, folded]).toEqual(['landed', 2]);
    expect(runner.lines.join('\n')).toMatch(new RegExp(`intent ${id} of octocat \\(deploy, \\S+\\): landed`));
    expect([stage.read(), five.released(), listIntents(stage.tenant)]).toEqual([five.at(4).digest, [1, 4], []]);
  });
});
