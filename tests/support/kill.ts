import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kustomizeFolder, type Tenant } from '#tests/support/tenant.ts';

/** Returns what kills a process a while after it has started, in milliseconds; one that has ended by then is left. */
export function killAfter(milliseconds: number): (pid: number) => void {
  return (pid) => {
    setTimeout(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // it was done already
      }
    }, milliseconds);
  };
}

/** A command that a writer runs: which program, a word of its arguments, and which time. */
export type Moment = readonly [program: 'git' | 'kustomize', word: string, time: number];

/** Returns a PATH on which a command kills the writer that starts it: before it runs, or after it has run. */
export function killAt(tenant: Tenant, [program, word, time]: Moment, when: 'before' | 'after'): string {
  const killers = join(tenant.temp, '..', 'killers');
  mkdirSync(killers, { recursive: true });
  const folder = mkdtempSync(join(killers, 'path-'));
  const path = `${kustomizeFolder}:${process.env['PATH'] ?? ''}`;
  const real = execFileSync('which', [program], { env: { PATH: path }, encoding: 'utf8' }).trim();
  const kill = 'kill -9 $PPID';
  const script = `#!/bin/sh
case " $* " in
  *" ${word} "*)
    echo >> ${folder}/seen
    if [ "$(wc -l < ${folder}/seen)" -ge ${time} ]; then
      ${when === 'before' ? `${kill}; exit 1` : `${real} "$@"; ${kill}; exit 1`}
    fi;;
esac
exec ${real} "$@"
`;
  writeFileSync(join(folder, program), script);
  chmodSync(join(folder, program), 0o755);
  return `${folder}:${path}`;
}
