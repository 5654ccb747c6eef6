import { join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { World } from '#lab/world.ts';

/** Returns what `slipway cluster check` says of packets in a namespace, line by line, as a person runs it. */
export async function checkPackets(
  { lab, clone }: Pick<World, 'lab' | 'clone'>,
  kubeconfig: string,
  namespace: string,
): Promise<{ readonly holds: readonly string[]; readonly open: readonly string[] }> {
  const program = [process.execPath, join(repositoryRoot, 'commands/slipway.ts'), 'cluster', 'check'] as const;
  const { stdout } = await lab.exec([...program, '--repository', clone, '--kubeconfig', kubeconfig], {
    accept: [0, 1],
  });
  const findings = stdout
    .toString('utf8')
    .split(/\n(?=\S)/)
    .map((finding) => finding.replace(/\s+/g, ' '));
  const ofPackets = (word: string): string[] =>
    findings.filter((line) => new RegExp(`^${word} ${namespace}: the (bot|sandbox) .*reach`).test(line));
  return { holds: ofPackets('holds'), open: ofPackets('open') };
}
