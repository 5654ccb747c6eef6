import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import { describeError } from '#core/values/errors.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { cutOff } from '#tests/support/cut-off.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { listIntents } from '#tests/support/intents.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { protect } from '#tests/support/protect.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { reconcile, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ environments: ['production'] });
});

beforeEach(() => {
  stage.tenant.git('push', '-q', '-f', 'origin', `${stage.base}:refs/heads/main`); // one of the tests takes it away
  stage.reset();
});

afterAll(() => stage.tenant.close());

type Update = AskPorts['transport']['update'];

/** Expects the golden message of a run that others disturb. */
async function expectMessage(name: string, change: (ports: AskPorts) => AskPorts): Promise<void> {
  const run = rollBack(stage.tenant, {}, { change, sha: stage.base, run: '7200' });
  const message = await run.then(() => 'landed', describeError);
  expectGolden(join(import.meta.dirname, 'golden/refusals', `${name}.txt`), `${normalizeText(message)}\n`);
}

/** A rival that pushes before each push of the run to the branch, every four minutes. */
function outrun(ports: AskPorts): AskPorts {
  const quick = jumpOverPauses(ports);
  const update: Update = async (updates) => {
    if (!updates.some(({ ref }) => ref === 'refs/heads/main')) return ports.transport.update(updates);
    stage.tenant.commit({ 'notes.md': `${quick.clock.now().toISOString()}\n` });
    await quick.clock.sleep(4 * 60_000);
    return ports.transport.update(updates);
  };
  return { ...quick, transport: { ...ports.transport, update } };
}

test('a branch that moves before every push, for ten minutes: the intent stays open, and reconcile lands it', async () => {
  await expectMessage('outrun', outrun);
  expect([stage.read(), listIntents(stage.tenant)]).toEqual([stage.bad, [expect.any(String)]]);
  await reconcile(stage.tenant, {}, { change: jumpOverPauses });
  expect([stage.read(), listIntents(stage.tenant)]).toEqual([stage.good, []]);
});

test('the same on a server that takes no intents: nothing is open, and the job that is run again lands', async () => {
  const lift = protect(stage.tenant, 'refs/slipway/*', 'deny updating a hidden ref', 'update');
  try {
    await expectMessage('outrun-refless', outrun);
    expect([stage.read(), listIntents(stage.tenant)]).toEqual([stage.bad, []]);
    const again = await rollBack(stage.tenant, {}, { sha: stage.base, run: '7200', change: jumpOverPauses });
    expect([again.outcome, stage.read()]).toEqual(['landed', stage.good]);
  } finally {
    lift();
  }
});

test('an intent that another writer landed when its own cannot read on: the job that is run again says so', async () => {
  const change = (ports: AskPorts): AskPorts => {
    let isPublished = false;
    const update: Update = async (updates) => {
      const pushed = await ports.transport.update(updates);
      if (!isPublished) await reconcile(stage.tenant, {}, { change: jumpOverPauses });
      isPublished = true;
      return pushed;
    };
    const git = cutOff(ports.git, () => isPublished);
    return { ...jumpOverPauses(ports), git, transport: { ...ports.transport, update } };
  };
  await expectMessage('taken-by-another', change);
  expect(stage.read()).toBe(stage.good);
  const head = stage.tenant.remoteGit('rev-parse', 'main');
  const again = await rollBack(stage.tenant, {}, { sha: stage.base, run: '7200', change: jumpOverPauses });
  expect([again.outcome, stage.tenant.remoteGit('rev-parse', 'main')]).toEqual(['unchanged', head]);
});

test('a branch that is rewritten while it is read; run again, it lands', async () => {
  const { tenant } = stage;
  const change = (ports: AskPorts): AskPorts => {
    const at: typeof ports.history.at = async (head) => {
      const read = await ports.history.at(head);
      tenant.git('rebase', '-q', '--root', '--no-ff');
      tenant.git('push', '-q', '-f', 'origin', 'main');
      tenant.remoteGit('gc', '-q', '--prune=now');
      return read;
    };
    return { ...ports, history: { ...ports.history, at } };
  };
  await expectMessage('rewritten', change);
  expect(stage.read()).toBe(stage.bad);
  expect((await rollBack(tenant)).outcome).toBe('landed');
  expect(stage.read()).toBe(stage.good);
});
