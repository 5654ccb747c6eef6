import { execFileSync } from 'node:child_process';
import { afterEach, expect, test } from '@jest/globals';
import { chainPrefix, findPacketRules, removePacketRules } from '#lab/supervisor/packet-rules.ts';

const [OURS, OTHER] = ['f0f0f1', 'f0f0f2'];
const iptables = (family: string, ...args: string[]): Buffer => execFileSync(family, ['-w', ...args]);

/** As a lab has them: a chain with a rule, what leads into it, kube-proxy's longest name, and IPv6 that is closed. */
function addRules(id: string): void {
  const chain = `${chainPrefix(id)}-POLICIES`;
  iptables('iptables', '-t', 'mangle', '-N', chain);
  iptables('iptables', '-t', 'mangle', '-A', chain, '-j', 'RETURN');
  iptables('iptables', '-t', 'mangle', '-A', 'FORWARD', '-i', `slw${id}k`, '-j', chain);
  iptables('iptables', '-t', 'nat', '-N', `${chainPrefix(id)}-SVC-ABCDEFGHIJKLMNOP`);
  iptables('ip6tables', '-t', 'mangle', '-A', 'INPUT', '-i', `slw${id}k`, '-j', 'DROP');
}

afterEach(() => [OURS, OTHER].forEach(removePacketRules));

test('everything of a lab is found and goes, and nothing of another', () => {
  for (const id of [OURS, OTHER]) addRules(id);
  expect(findPacketRules(OURS)).toEqual([
    `packet rule iptables mangle -A FORWARD -i slw${OURS}k -j s${OURS}-POLICIES`,
    `packet chain iptables mangle s${OURS}-POLICIES`,
    `packet chain iptables nat s${OURS}-SVC-ABCDEFGHIJKLMNOP`,
    `packet rule ip6tables mangle -A INPUT -i slw${OURS}k -j DROP`,
  ]);
  removePacketRules(OURS);
  expect(findPacketRules(OURS)).toEqual([]);
  expect(findPacketRules(OTHER)).toHaveLength(4);
  removePacketRules(OURS);
  expect(findPacketRules(OTHER)).toHaveLength(4);
});
