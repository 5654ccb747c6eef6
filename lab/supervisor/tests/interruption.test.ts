import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { openPlace, type Place, type Running, untilSaid } from '#lab/tests/stops.ts';

const DOWN = 'The lab is down; nothing is left.';
const script = join(import.meta.dirname, 'interruptible.ts');

/** Each test has a place of its own and mostly waits, so they run at the same time. */
const inPlace = (work: (place: Place) => Promise<void>) => async (): Promise<void> => {
  const place = openPlace();
  try {
    await work(place);
    expect(place.left()).toEqual([]);
  } finally {
    await place.close();
  }
};

async function startLab(place: Place, kind = ''): Promise<Running> {
  const lab = place.start([script, kind]);
  await untilSaid(lab, 'up');
  return lab;
}

/** One that goes on must not keep the test from taking it away. */
const endOf = ({ ended }: Running): Promise<number | string> =>
  Promise.race([ended, sleep(20_000, 'it goes on', { ref: false })]);

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)
  test.concurrent(
    `${signal} takes the lab down, says so, and says when it is done`,
    inPlace(async (place) => {
      const lab = await startLab(place);
      lab.child.kill(signal);
      expect([await endOf(lab), lab.output()]).toEqual([code, `up\n${signal}: taking the lab down …\n${DOWN}\n`]);
    }),
  );

test.concurrent(
  'a second Ctrl-C is answered and does not end the take-down half-way',
  inPlace(async (place) => {
    const lab = await startLab(place);
    lab.child.kill('SIGINT');
    await untilSaid(lab, 'taking');
    await sleep(400);
    lab.child.kill('SIGINT');
    expect([await endOf(lab), lab.output()]).toEqual([
      130,
      `up\nSIGINT: taking the lab down …\nstill taking down …\n${DOWN}\n`,
    ]);
  }),
);

test.concurrent(
  'one Ctrl-C that npm hands on once more is one',
  inPlace(async (place) => {
    const lab = await startLab(place);
    lab.child.kill('SIGINT');
    await untilSaid(lab, 'taking');
    lab.child.kill('SIGINT');
    expect([await endOf(lab), lab.output()]).toEqual([130, `up\nSIGINT: taking the lab down …\n${DOWN}\n`]);
  }),
);

test.concurrent(
  'a terminal that is closed takes the lab down, though nothing can be said to it',
  inPlace(async (place) => {
    const lab = await startLab(place);
    lab.closeTerminal();
    lab.child.kill('SIGHUP');
    expect(await endOf(lab)).toBe(129);
  }),
);

test.concurrent(
  'work that fails is told once, after all is taken down',
  inPlace(async (place) => {
    const lab = place.start([script, 'fails']);
    expect([await endOf(lab), lab.output()]).toEqual([1, 'up\ntaking back\n\nthe work failed\n']);
  }),
);

test.concurrent(
  'a stray error takes the lab down too',
  inPlace(async (place) => {
    const lab = place.start([script, 'crashes']);
    expect(await endOf(lab)).toBe(1);
    expect(lab.output()).toMatch(/^up\nError: a stray error\n(.+\n)*Taking the lab down …\n.*nothing is left\.\n$/);
  }),
);

test.concurrent(
  'what kill -9 leaves is cleared by the next start, which says so',
  inPlace(async (place) => {
    const killed = await startLab(place);
    killed.child.kill('SIGKILL');
    expect(await endOf(killed)).toBe('SIGKILL');
    expect(place.left().join('\n')).toMatch(/process \d+/);
    const next = await startLab(place);
    expect(next.output()).toMatch(/clearing what lab [0-9a-f]{6} left when it was killed\nup\n$/);
    next.child.kill('SIGTERM');
    expect(await endOf(next)).toBe(143);
  }),
);

test.concurrent(
  'a signal before there is a lab ends what obtains its tools, also what does not listen',
  inPlace(async (place) => {
    const lab = await startLab(place, 'obtains');
    lab.child.kill('SIGTERM');
    expect([await endOf(lab), lab.output()]).toEqual([143, `up\nSIGTERM: taking the lab down …\n${DOWN}\n`]);
  }),
);
