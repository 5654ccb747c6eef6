import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { renameChains } from '#lab/cluster/kube-proxy.ts';

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-chains-'));
  const real = join(folder, 'real');
  mkdirSync(real);
  // they print what they were given, as the real ones would act on it
  for (const [name, script] of [
    ['iptables', 'for word do echo "$word"; done'],
    ['iptables-restore', 'echo "$@"; cat'],
    ['iptables-save', 'echo ":s0a1b2c-SERVICES - [0:0]"; echo ":KEEP - [0:0]"'],
  ] as const) {
    writeFileSync(join(real, name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(real, name), 0o755);
  }
  path = renameChains({ id: '0a1b2c', folder: (...names) => join(folder, ...names) }, real);
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (name: string, args: string[], input = ''): string =>
  execFileSync(join(path, name), args, { input, encoding: 'utf8' });

test("kube-proxy's chains get the lab's name in front, wherever they are written, and it reads them back by its own", () => {
  expect(run('iptables', ['-t', 'nat', '-N', 'KUBE-MARK-MASQ', '-m', 'comment', '--comment', 'a b'])).toBe(
    '-t\nnat\n-N\ns0a1b2c-MARK-MASQ\n-m\ncomment\n--comment\na b\n',
  );
  expect(run('iptables-restore', ['-w', '5'], ':KUBE-SERVICES - [0:0]\n-A INPUT -j KUBE-FIREWALL\n')).toBe(
    '-w 5\n:s0a1b2c-SERVICES - [0:0]\n-A INPUT -j s0a1b2c-FIREWALL\n',
  );
  expect(run('iptables-save', ['-t', 'nat'])).toBe(':KUBE-SERVICES - [0:0]\n:KEEP - [0:0]\n');
});

test('there is no IPv6 for it', () => {
  expect(() => run('ip6tables', ['-L'])).toThrow();
});
