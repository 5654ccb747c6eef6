import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { readPullCredentials } from '#core/cluster/kubectl.ts';
import { judgePullCredentials, parsePullCredentials } from '#core/cluster/pull-credentials.ts';
import { createExec } from '#core/system/exec.ts';

const renewedAt = new Date('2026-11-27T00:00:00Z');
const at = (time: string): Date => new Date(`2026-11-27T${time}Z`);
const judge = (now: Date, fault?: string) => judgePullCredentials({ namespace: 'n', renewedAt, fault }, now);

test.each([
  ['00:00:00', undefined, 'fresh', 'renewed 0 min ago'],
  ['06:05:00', undefined, 'fresh', 'renewed 6 h 5 min ago'],
  ['07:00:00', 'AWS said no', 'late', 'renewed 7 h ago; the renewal fails: AWS said no'],
  ['10:59:59', undefined, 'fresh', 'renewed 10 h 59 min ago'],
  ['11:00:00', undefined, 'alarm', 'renewed 11 h ago, and pulls fail from 12 h on: does External Secrets run?'],
  ['11:59:59', 'AWS said no', 'alarm', 'renewed 11 h 59 min ago, and pulls fail from 12 h on: AWS said no'],
  ['12:00:00', undefined, 'expired', 'renewed 12 h ago and expired, so no pod can pull: does External Secrets run?'],
])('at %s, with %j: %s', (time, fault, state, said) => {
  expect(judge(at(time), fault)).toEqual({ state, said });
});

test('credentials that were never made have expired', () => {
  const never = { namespace: 'n', renewedAt: undefined, fault: 'no such user' };
  expect(judgePullCredentials(never, at('00:00:00'))).toEqual({ state: 'expired', said: 'never made: no such user' });
});

const listed = JSON.stringify({
  items: [
    {
      metadata: { name: 'ecr-registry', namespace: 'a' },
      status: { refreshTime: '2026-11-27T00:00:00Z', conditions: [{ type: 'Ready', status: 'True' }] },
    },
    { metadata: { name: 'ecr-registry', namespace: 'b' } },
    {
      metadata: { name: 'ecr-registry', namespace: 'c' },
      status: { refreshTime: null, conditions: [{ type: 'Ready', status: 'False', message: 'could not get token' }] },
    },
  ],
});

test('what External Secrets wrote is read by namespace', () => {
  expect(parsePullCredentials(listed)).toEqual([
    { namespace: 'a', renewedAt, fault: undefined },
    { namespace: 'b', renewedAt: undefined, fault: undefined },
    { namespace: 'c', renewedAt: undefined, fault: 'could not get token' },
  ]);
});

test.each([
  ['no kubectl', undefined, undefined],
  ['no cluster', 'echo "connection refused" >&2; exit 1', undefined],
  ['another form', 'echo "{}"', undefined],
  ['an answer', `cat <<'END'\n${listed}\nEND`, 3],
])('%s', async (_name, script, count) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-kubectl-'));
  try {
    if (script !== undefined) {
      writeFileSync(join(folder, 'kubectl'), `#!/bin/sh\n${script}\n`);
      chmodSync(join(folder, 'kubectl'), 0o755);
    }
    const exec = createExec({ PATH: script === undefined ? folder : `${folder}:/usr/bin:/bin` });
    expect((await readPullCredentials(exec))?.length).toBe(count);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
