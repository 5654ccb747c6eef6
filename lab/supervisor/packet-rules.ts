import { spawnSync } from 'node:child_process';

/** Programs that show and change the machine's packet rules, and the tables in which a lab has some. */
const FAMILIES = ['iptables', 'ip6tables'] as const;
const TABLES = ['mangle', 'nat', 'filter'] as const;

/** Chains of a lab are named `s<id>-…`: with kube-proxy's longest name, the 28 characters that the kernel allows. */
export function chainPrefix(id: string): string {
  return `s${id}`;
}

/** The table of nftables that the policy engine makes for itself where the kernel has what it needs. */
export function policyTable(id: string): string {
  return `slw${id}`;
}

/** A rule or a chain of a lab that is still there. */
interface Left {
  readonly family: (typeof FAMILIES)[number];
  readonly table: (typeof TABLES)[number];
  /** As iptables-save prints them: `-A FORWARD …`. */
  readonly rules: readonly string[];
  readonly chains: readonly string[];
}

/** Returns what a lab left in the machine's packet rules, one line each. */
export function findPacketRules(id: string): string[] {
  return findLeft(id).flatMap(({ family, table, rules, chains }) => [
    ...rules.map((rule) => `packet rule ${family} ${table} ${rule}`),
    ...chains.map((chain) => `packet chain ${family} ${table} ${chain}`),
  ]);
}

/** Removes them: first the rules that lead into the lab's chains, then the chains. */
export function removePacketRules(id: string): void {
  for (const { family, table, rules, chains } of findLeft(id)) {
    const lines = [
      ...rules.map((rule) => rule.replace(/^-A /, '-D ')),
      ...chains.map((chain) => `-F ${chain}`),
      ...chains.map((chain) => `-X ${chain}`),
    ];
    run(`${family}-restore`, ['--noflush', '--wait'], [`*${table}`, ...lines, 'COMMIT', ''].join('\n'));
  }
  run('nft', ['delete', 'table', 'inet', policyTable(id)]);
}

function findLeft(id: string): Left[] {
  return FAMILIES.flatMap((family) =>
    TABLES.flatMap((table) => {
      const saved = run(`${family}-save`, ['-t', table]).split('\n');
      const chains = saved.flatMap((line) => line.match(new RegExp(`^:(${chainPrefix(id)}-\\S+) `))?.[1] ?? []);
      const rules = saved.filter(
        (line) =>
          line.startsWith('-A ') &&
          !line.startsWith(`-A ${chainPrefix(id)}-`) &&
          (line.includes(` ${chainPrefix(id)}-`) || line.includes(` slw${id}`)),
      );
      return rules.length + chains.length === 0 ? [] : [{ family, table, rules, chains }];
    }),
  );
}

/** A machine without the program, or without the right to use it, has no rules of ours. */
function run(program: string, args: readonly string[], input = ''): string {
  const env = { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin` };
  return spawnSync(program, args, { input, encoding: 'utf8', env }).stdout ?? '';
}
