import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { quote, Refusal } from '#core/values/errors.ts';
import type { Progress } from '#lab/supervisor/progress.ts';
import { type AptPorts, checkApt, installWithApt } from '#lab/toolbox/apt.ts';
import { withClaim } from '#lab/toolbox/claim.ts';
import { explainFailure, type FailedStep, isNetworkFailure } from '#lab/toolbox/failures.ts';
import { buildWithGo, checkGo } from '#lab/toolbox/go.ts';
import { type BuiltTool, folderName, isBuilt, label, type Tool, type ToolFrom } from '#lab/toolbox/lock.ts';
import type { Machine } from '#lab/toolbox/machine.ts';
import { buildWithPython, checkPython } from '#lab/toolbox/python.ts';
import type { Shelf } from '#lab/toolbox/shelf.ts';

type Note = (text: string) => void;

/** What obtains tools, by kind. Handed in, so that tests need neither network nor compiler. */
export interface Makers {
  /** Refuses at once what cannot work on this machine: before minutes are spent on the rest. */
  check(missing: readonly Tool[]): Promise<void>;
  build(tool: BuiltTool, staging: string, note: Note): Promise<void>;
  install(tools: readonly ToolFrom<'apt'>[], note: Note): Promise<void>;
  /** Between two tries of a download. */
  pause(): Promise<void>;
}

/** What {@link obtainMissing} works with. */
export interface ObtainPorts {
  readonly shelf: Shelf;
  readonly machine: Machine;
  readonly makers: Makers;
}

// Go fills both cores while it compiles, and leaves them idle while it downloads and links: two at once fill the gaps
const LANES = 2;
const TRIES = 3;

/** Returns the makers that ask the machine's Go, Python and apt-get. */
export function realMakers(apt: AptPorts, shelf: Shelf): Makers {
  return {
    check: async (missing) => {
      for (const tool of missing) {
        if (tool.from === 'machine') throw new Refusal(`${tool.name}: not found on PATH: ${tool.remedy}`);
      }
      checkApt(
        apt,
        missing.filter((tool) => tool.from === 'apt'),
      );
      await checkGo(
        apt.exec,
        missing.filter((tool) => tool.from === 'go' || tool.from === 'go-module'),
      );
      await checkPython(
        apt.exec,
        missing.filter((tool) => tool.from === 'python'),
      );
    },
    build: (tool, staging, note) =>
      tool.from === 'python'
        ? buildWithPython(apt.exec, tool, { staging, target: shelf.pathOf(tool) }, note)
        : buildWithGo(apt.exec, tool, staging, note),
    install: (tools, note) => installWithApt(apt, tools, note),
    pause: () => sleep(3_000),
  };
}

/** Obtains tools that are missing. After a failure what runs is finished, nothing else is begun, and all reasons are told. */
export async function obtainMissing(ports: ObtainPorts, missing: readonly Tool[], progress: Progress): Promise<void> {
  await ports.makers.check(missing);
  const reasons = new Set<string>();
  const attempt = async (work: () => Promise<void>) => {
    if (reasons.size > 0) return;
    try {
      await work();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (!reasons.has(error.message)) progress.say(`  ${error.message}`);
      reasons.add(error.message);
    }
  };
  const built = missing.filter(isBuilt);
  const queue = [...built.filter((tool) => tool.from !== 'python')];
  const lane = async () => {
    for (let tool = queue.shift(); tool !== undefined; tool = queue.shift()) {
      const next = tool;
      await attempt(() => buildOne(ports, next, progress));
    }
  };
  await Promise.all([
    attempt(() =>
      installAll(
        ports,
        missing.filter((tool) => tool.from === 'apt'),
        progress,
      ),
    ),
    ...built.filter((tool) => tool.from === 'python').map((tool) => attempt(() => buildOne(ports, tool, progress))),
    ...Array.from({ length: LANES }, lane),
  ]);
  if (reasons.size > 0) throw new Refusal([...reasons].join('\n'));
}

async function buildOne({ shelf, makers }: ObtainPorts, tool: BuiltTool, progress: Progress): Promise<void> {
  const step = { what: label(tool), folders: [shelf.folder, tmpdir()], source: sourceOf(tool) };
  const claim = join(shelf.folder, `${folderName(tool, shelf.folder)}.claim`);
  await progress.step(label(tool), async (note) => {
    const onWait = (holder: number) => {
      note(`process ${holder} is building it`);
      progress.say(`  … ${label(tool)}: waiting for process ${holder}, which is building it`);
    };
    await explained(step, () =>
      withClaim(claim, onWait, async () => {
        if (shelf.has(tool)) return;
        await persist(makers, note, () => shelf.put(tool, (staging) => makers.build(tool, staging, note)));
      }),
    );
  });
}

async function installAll(ports: ObtainPorts, tools: readonly ToolFrom<'apt'>[], progress: Progress): Promise<void> {
  if (tools.length === 0) return;
  const what = `apt packages for ${tools.map((tool) => tool.name).join(', ')}`;
  const step = { what, folders: ['/', '/var/cache/apt'], source: 'the sources below /etc/apt' };
  await progress.step(what, async (note) => {
    const onWait = (holder: number) => progress.say(`  … ${what}: waiting for process ${holder}, which installs some`);
    await explained(step, () =>
      withClaim(join(ports.shelf.folder, 'apt.claim'), onWait, async () => {
        const missing = tools.filter((tool) => ports.machine.missing(tool).length > 0);
        if (missing.length > 0) await persist(ports.makers, note, () => ports.makers.install(missing, note));
      }),
    );
  });
}

async function explained(step: FailedStep, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw explainFailure(step, error);
  }
}

/** A download that breaks off is tried again: what Go and pip have already is kept in their caches. */
async function persist(makers: Makers, note: Note, work: () => Promise<void>): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES || !isNetworkFailure(error)) throw error;
      note(`the network failed, trying again (${attempt + 1} of ${TRIES})`);
      await makers.pause();
    }
  }
}

function sourceOf(tool: BuiltTool): string {
  const [program, setting] = tool.from === 'python' ? ['pip', 'PIP_INDEX_URL'] : ['Go', 'GOPROXY'];
  const value = process.env[setting];
  return `where ${program} downloads from (${setting} ${value === undefined ? 'is not set' : `is ${quote(value)}`})`;
}
