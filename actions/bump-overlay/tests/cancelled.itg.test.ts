import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { listIntents } from '#tests/support/intents.ts';
import { bump } from '#tests/support/writers.ts';
import { type Five, inputsOf, openFive } from './five.ts';

jest.setTimeout(300_000);

let five: Five;

beforeAll(async () => {
  five = await openFive();
});

afterAll(() => five.stage.tenant.close());

beforeEach(() => five.reset());

const sets = Array.from({ length: 16 }, (_none, bits) => [0, 1, 2, 3].filter((index) => (bits & (1 << index)) !== 0));
const named = sets.map((set) => [set.map((index) => index + 1).join(', ') || 'none', set] as const);

test.each(named)(
  'of five quick commits the runs of %s are cancelled before their bump: the others land in their order, and the last stays',
  async (_name, cancelled) => {
    const { tenant, read } = five.stage;
    const ran = [0, 1, 2, 3, 4].filter((index) => !cancelled.includes(index));
    for (const index of ran) {
      expect((await bump(tenant, inputsOf(five.at(index)))).outcome).toBe('landed');
      expect(read()).toBe(five.at(index).digest);
    }
    expect([five.released(), read(), listIntents(tenant)]).toEqual([ran, five.at(4).digest, []]);
  },
);
