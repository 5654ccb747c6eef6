import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from '@jest/globals';
import { CLOSING_LINE } from '#lab/supervisor/interruption.ts';
import { openPlace, type Running, untilSaid } from '#lab/tests/stops.ts';
import { createRandom } from '#tests/support/random.ts';

/** STOPS says how many (CI takes two), STOPS_SEED repeats a run, STOPS_WITHIN how many seconds of a lab's life they are spread over. */
const COUNT = Number(process.env['STOPS'] ?? (process.env['CI'] === 'true' ? 2 : 4));
const SEED = Number(process.env['STOPS_SEED'] ?? Date.now() % 1_000_000);
const WITHIN_MS = Number(process.env['STOPS_WITHIN'] ?? 25) * 1_000;
const NUMBERS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
type Signal = keyof typeof NUMBERS;

/** Each kind once before one comes again: a run of four has all of them. */
const KINDS = ['two signals', 'kill', 'hang-up', 'one signal'] as const;

const random = createRandom(SEED);
const place = openPlace();

afterAll(async () => place.close(), 60_000);

test(
  `nothing is left of a lab that is stopped at any moment (${COUNT} stops, STOPS_SEED=${SEED})`,
  async () => {
    for (let stop = 0; stop < COUNT; stop++) {
      const kind = KINDS[stop % KINDS.length] ?? 'one signal';
      const after = Math.round(random() * WITHIN_MS);
      const lab = place.start(['lab/main.ts']);
      await Promise.race([sleep(after), lab.ended]);
      const name = `stop ${stop}, ${kind} after ${after} ms`;
      const code = await stopBy(kind, lab);
      process.stderr.write(`${name}: ${code}; ${lab.output().trimEnd().split('\n').at(-1)}\n`);
      expect({ name, left: place.left() }).toEqual({ name, left: [] });
    }
  },
  600_000 + COUNT * 120_000,
);

/** Stops a lab; after a kill, in half of the cases during its take-down, the next one clears what the killed one left. */
async function stopBy(kind: (typeof KINDS)[number], lab: Running): Promise<number | string> {
  if (kind === 'kill') {
    if (random() < 0.5) {
      lab.child.kill('SIGTERM');
      await Promise.race([sleep(random() * 8_000), lab.ended]);
    }
    lab.child.kill('SIGKILL');
    await lab.ended;
    const next = place.start(['lab/main.ts']);
    await untilSaid(next, 'Registry');
    return signalAndWait(next, 'SIGTERM');
  }
  if (kind === 'one signal') return signalAndWait(lab, random() < 0.5 ? 'SIGINT' : 'SIGTERM');
  if (kind === 'two signals') return signalAndWait(lab, 'SIGINT', 300 + random() * 3_000);
  lab.closeTerminal();
  return signalAndWait(lab, 'SIGHUP');
}

async function signalAndWait(lab: Running, signal: Signal, againAfter?: number): Promise<number | string> {
  lab.child.kill(signal);
  if (againAfter !== undefined) {
    await Promise.race([sleep(againAfter), lab.ended]);
    lab.child.kill(signal);
  }
  const code = await lab.ended;
  if (code === signal && lab.output() === '') return code; // Node itself had not got to our code yet
  expect({ code, output: lab.output() }).toEqual({
    code: 128 + NUMBERS[signal],
    output: expect.stringMatching(endOf(lab)),
  });
  return code;
}

/** What a lab says at its end; nothing where its terminal is closed. */
function endOf({ isHeard }: Running): RegExp {
  return isHeard() ? new RegExp(`${CLOSING_LINE}\n$`) : /^/;
}
