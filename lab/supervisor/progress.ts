/** Tells a person what the lab does, how long each step took, and that a long one is still alive. */
export interface Progress {
  /** Runs one named step; `note` shows how far it is. */
  step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

const STILL_ALIVE_EVERY_MS = 15_000;

/** Writes one line when a step starts, one when it ends, and one every 15 s in between. */
export function lineProgress(write: (line: string) => void): Progress {
  return {
    say: write,
    step: async (name, work) => {
      const started = performance.now();
      let latest = '';
      write(`  … ${name}`);
      const timer = setInterval(
        () => write(`  … ${name}: ${latest === '' ? 'still at it' : latest} (${since(started)})`),
        STILL_ALIVE_EVERY_MS,
      );
      try {
        const result = await work((text) => {
          latest = text;
        });
        write(`  ✔ ${name} (${since(started)})`);
        return result;
      } catch (error) {
        write(`  ✘ ${name} (${since(started)})`);
        throw error;
      } finally {
        clearInterval(timer);
      }
    },
  };
}

/** Prints nothing, for tests. */
export const silentProgress: Progress = { say: () => {}, step: (_name, work) => work(() => {}) };

/** Returns the time since `started` (of performance.now()) as a person reads it: `0.4 s`, `2 min 05 s`. */
export function since(started: number): string {
  return duration(performance.now() - started);
}

/** Returns milliseconds as a person reads them: `0.4 s`, `2 min 05 s`. */
export function duration(milliseconds: number): string {
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
}
