import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import { type Gate, openGate, type Passing } from '#tests/support/gate.ts';
import { momentsOf } from '#tests/support/kill-points.ts';
import { type StateServer, startStateServer } from '#tests/support/state-server.ts';
import { type Ground, KEY, openGround } from '#tests/support/terraform.ts';
import { apply, plan } from '#tests/support/terraform-runs.ts';

const RESCUED = 'errored.tfstate.sealed';

let server: StateServer;
let gate: Gate;
let ground: Ground;
let sealed: Buffer;
beforeAll(async () => {
  server = await startStateServer();
  gate = await openGate(new URL(server.settings.address).origin);
  ground = openGround('terraform {\n  backend "http" {}\n}\nresource "terraform_data" "a" {\n  input = "one"\n}\n');
  await plan(ground, settings());
  sealed = readFileSync(join(ground.root, 'app.sealed'));
});
beforeEach(() => {
  gate.set();
  Object.assign(server, { state: '', lock: '' });
  writeFileSync(join(ground.root, 'app.sealed'), sealed);
  rmSync(join(ground.root, RESCUED), { force: true });
});
afterAll(async () => {
  await Promise.all([gate.close(), server.close()]);
  ground.remove();
});

/** What says where the state is. Terraform's own retries are left out: they would only take time. */
function settings(): { 'backend-config': string } {
  const { origin } = new URL(server.settings.address);
  const all = Object.entries({ ...server.settings, retry_max: '0' });
  return { 'backend-config': all.map(([name, value]) => `${name}=${value.replace(origin, gate.url)}`).join('\n') };
}

/** Breaks the connection at one moment. */
function dropAt(at: Passing): void {
  gate.set(({ number, when }) => (number === at.number && when === at.when ? 'drop' : undefined));
}

/** Frees a lock that a broken connection has left, once the next run has told whose it is. */
async function freeLock(): Promise<void> {
  if (server.lock === '') return;
  const { ID } = JSON.parse(server.lock) as { ID: string };
  const { outputs } = await plan(ground, { ...settings(), lock: 'true' });
  expect(outputs['reason']).toMatch(new RegExp(`it is locked by .* \\(id ${ID}\\); .*: terraform force-unlock ${ID}$`));
  server.lock = '';
}

const isThere = (state: string): boolean => state.includes('"name": "a"');

describe('an apply whose connection to the state breaks', () => {
  /** Requests in their order: init, state pull, init and plan again, lock, read, read before the write, write, unlock. */
  const [LOCK, WRITE, UNLOCK] = [4, 7, 8];

  test('is tried at each of its requests', async () => {
    await apply(ground, settings());
    const methods = gate.seen.map((line) => line.split(' ')[0]);
    expect(methods).toEqual(['GET', 'GET', 'GET', 'GET', 'LOCK', 'GET', 'GET', 'POST', 'UNLOCK']);
  });

  test.each(momentsOf(9))(
    'at request $number, $when it is answered: says what it did, and a second run has all',
    async (at) => {
      dropAt(at);
      const { outputs, result } = await apply(ground, settings());
      gate.set();
      expect([outputs['outcome'], outputs['refusal'], outputs['failed']]).toEqual(['failed', '', '[]']);
      const isApplied = at.number >= WRITE - 1;
      expect(outputs['applied']).toBe(isApplied ? '["terraform_data.a"]' : '[]');
      expect(outputs['reason']).toMatch(
        /^terraform ((init|plan|apply) found|could not read the state, and nothing was applied)/,
      );
      expect(outputs['reason']).not.toContain('\u001b');
      expect(result.errors.join('')).toMatch(/EOF/);
      const isWritten = at.number === UNLOCK || (at.number === WRITE && at.when === 'after');
      expect(isThere(server.state)).toBe(isWritten);
      const isHeld = (at.number === LOCK && at.when === 'after') || (at.number === UNLOCK && at.when === 'before');
      expect(server.lock !== '').toBe(isHeld);
      expect(outputs['rescued']).toBe(isApplied && at.number !== UNLOCK ? RESCUED : '');
      await freeLock();
      if (outputs['rescued'] === RESCUED) server.state = readRescued();
      else if (!isWritten) expect((await apply(ground, settings())).outputs).toMatchObject({ outcome: 'applied' });
      expect(isThere(server.state)).toBe(true);
      expect((await plan(ground, settings())).outputs).toMatchObject({ changed: 'false', reason: '' });
    },
  );
});

/** The state that was kept for a person, as the printed command puts it back. */
function readRescued(): string {
  return unseal(readFileSync(join(ground.root, RESCUED)), KEY)?.toString('utf8') ?? '';
}

describe('a plan whose connection to the state breaks', () => {
  test.each(momentsOf(4))(
    'at request $number, $when it is answered: saves nothing, and a second run has all',
    async (at) => {
      rmSync(join(ground.root, 'app.sealed'));
      dropAt(at);
      const { outputs } = await plan(ground, { ...settings(), lock: 'true' });
      expect([gate.seen.length > at.number, server.state]).toEqual([true, '']);
      gate.set();
      expect(outputs).toMatchObject({ changed: expect.any(String), saved: 'false' });
      expect(outputs['reason']).toMatch(/^terraform (init|plan) found an error$/);
      expect(() => ground.read('app.sealed')).toThrow(/ENOENT/);
      await freeLock();
      expect((await plan(ground, { ...settings(), lock: 'true' })).outputs).toMatchObject({
        changed: 'true',
        saved: 'true',
      });
      expect(server.lock).toBe('');
    },
  );
});
