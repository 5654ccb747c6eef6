import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { identifyProcess, isAlive, type ProcessIdentity } from '#lab/supervisor/traces.ts';

/** Folders of labs that have ended. */
const KEPT = 5;
const OWNER = 'owner.json';
/** A folder may be seen before its owner's file is. */
const YOUNG_MS = 60_000;

/** Makes the folder of a lab's logs below `parent`, and forgets the oldest ones of labs that have ended. */
export function openLogs(parent: string, id: string): string {
  const logs = join(parent, id);
  mkdirSync(logs, { recursive: true });
  writeFileSync(join(logs, OWNER), JSON.stringify(identifyProcess(process.pid) ?? {}));
  const ended = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter((path) => !isInUse(path))
    .sort((a, b) => modified(b) - modified(a));
  for (const path of ended.slice(KEPT)) rmSync(path, { recursive: true, force: true });
  return logs;
}

function isInUse(path: string): boolean {
  try {
    return isAlive(JSON.parse(readFileSync(join(path, OWNER), 'utf8')) as ProcessIdentity); // written above
  } catch {
    return Date.now() - modified(path) < YOUNG_MS;
  }
}

/** 0 for what another lab has removed meanwhile. */
function modified(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
