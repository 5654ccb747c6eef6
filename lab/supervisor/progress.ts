import type { Terminal } from '#lab/supervisor/terminal.ts';

/** Tells a person what the lab does, how long each step took, and that a long one is still alive. */
export interface Progress {
  /** Runs one named step; `note` shows how far it is. */
  step<T>(name: string, work: (note: (text: string) => void) => Promise<T>): Promise<T>;
  say(text: string): void;
}

const STILL_ALIVE_EVERY_MS = 15_000;

/** Writes one line when a step ends, and one every 15 s in between: a file keeps all that it is told. */
export function lineProgress(write: (line: string) => void): Progress {
  return showSteps({ say: write, paint: (text) => text, status: undefined });
}

/** Writes one line when a step ends; on a terminal the steps under way are in its status line, else told of every 15 s. */
export function showSteps({ say, paint, status }: Pick<Terminal, 'say' | 'paint' | 'status'>): Progress {
  const steps: { readonly name: string; readonly started: number; latest: string }[] = [];
  const describe = (step: (typeof steps)[number]): string =>
    `  … ${step.name}${step.latest === '' ? '' : `: ${step.latest}`} (${since(step.started)})`;
  const show = (): void => {
    const [first] = steps;
    const more = steps.length > 1 ? ` +${steps.length - 1}` : '';
    status?.(first === undefined ? '' : `${describe(first)}${more}`);
  };
  return {
    say,
    step: async (name, work) => {
      const step = { name, started: performance.now(), latest: '' };
      steps.push(step);
      show();
      const stillAtIt = (): void => say(describe({ ...step, latest: step.latest || 'still at it' }));
      const timer = status === undefined ? setInterval(stillAtIt, STILL_ALIVE_EVERY_MS) : setInterval(show, 1_000);
      const end = (sign: string): void => {
        steps.splice(steps.indexOf(step), 1);
        say(`  ${sign} ${name} (${since(step.started)})`);
        show();
      };
      try {
        const result = await work((text) => {
          step.latest = text;
        });
        end(paint('✔', 'green'));
        return result;
      } catch (error) {
        end(paint('✘', 'red'));
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
