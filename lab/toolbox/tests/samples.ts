import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Progress } from '#lab/supervisor/progress.ts';
import { parseLock } from '#lab/toolbox/lock.ts';
import type { Machine } from '#lab/toolbox/machine.ts';
import type { Makers } from '#lab/toolbox/obtain.ts';
import { openShelf } from '#lab/toolbox/shelf.ts';
import type { ToolboxPorts } from '#lab/toolbox/toolbox.ts';

/** Runs `work` in a temporary folder that is gone afterwards. */
export async function inFolder<T>(work: (folder: string) => Promise<T> | T): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'toolbox-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A lock of three tools: `saw` and `plane`, which are built, and `bench`, which is installed. */
export function sampleLock({ saw = '1.0.0' } = {}) {
  const built = (name: string, version: string) => ({
    from: 'go',
    version,
    go: '1.25',
    module: `example.org/${name}`,
    binaries: { [name]: `example.org/${name}` },
    ldflags: '',
  });
  const bench = { from: 'apt', version: '3', packages: ['bench-tools'], binaries: ['bench'], files: {} };
  return parseLock(JSON.stringify({ saw: built('saw', saw), plane: built('plane', '2.0.0'), bench }));
}

/** Makers that write `binary of <tool>` and note what they were asked to do. */
export function sampleMakers(done: string[], changes: Partial<Makers> = {}): Makers {
  return {
    check: async () => {},
    build: async (tool, staging) => {
      done.push(`built ${tool.name} ${tool.version}`);
      writeFileSync(join(staging, 'bin', tool.name), `binary of ${tool.name}`);
    },
    install: async (tools) => {
      done.push(`installed ${tools.map((tool) => tool.name).join(' ')}`);
    },
    pause: async () => {},
    ...changes,
  };
}

/** A machine that has these programs in /usr/sbin. */
export function sampleMachine(programs: readonly string[]): Machine {
  const find = (program: string) => (programs.includes(program) ? `/usr/sbin/${program}` : undefined);
  return { find, missing: (tool) => tool.binaries.filter((name) => find(name) === undefined) };
}

/** Ports of a toolbox in `folder`. */
export function samplePorts(folder: string, makers: Makers, changes: Partial<ToolboxPorts> = {}): ToolboxPorts {
  const machine = sampleMachine(['bench']);
  return { lock: sampleLock(), shelf: openShelf(folder), machine, makers, nodeFolder: '/node-24/bin', ...changes };
}

/** Progress that keeps what it was told. */
export function keptProgress(lines: string[]): Progress {
  return {
    say: (text) => {
      lines.push(text);
    },
    step: (name, work) => {
      lines.push(`step ${name}`);
      return work((text) => {
        lines.push(`${name}: ${text}`);
      });
    },
  };
}
