import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';

/** Keeps what failing steps say last. */
export interface LastWords {
  /** Folder that comes first in the PATH of the job. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Returns what a step said, without the mark that follows its last words, and lets the step end when it is there. */
  hear(text: string): string;
}

/**
 * act reads the terminal of a step in the background, and does not wait for the reader where the step fails: in 9 of 40
 * runs the last lines came too late, or never (`exec` in act's host_environment.go returns the error first). So a step
 * that fails says a mark after its last line and ends when the mark was heard.
 */
export async function openLastWords(dir: string): Promise<LastWords> {
  const folder = join(dir, 'programs');
  await mkdir(folder, { recursive: true });
  const script = join(import.meta.dirname, 'step.sh');
  await Promise.all(['bash', 'sh', 'node'].map((name) => symlink(script, join(folder, name))));
  const mark = `last-words-${randomBytes(8).toString('hex')}`;
  const end = new RegExp(`${mark} (\\d+)\\n?$`);
  return {
    folder,
    env: { SLIPWAY_LAST_WORDS: mark },
    hear: (text) =>
      text.replace(end, (_whole, step: string) => {
        writeFileSync(join(folder, `heard-${step}`), '');
        return '';
      }),
  };
}
