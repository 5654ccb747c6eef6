import { Refusal } from '#core/values/errors.ts';
import type { Verdict, Verdicts } from '#core/verdict/proven.ts';

/** A person who takes something back does not wait longer than this for GitHub's API, in milliseconds. */
const PATIENCE_MS = 10_000;

/** Returns the same verdicts, where a question without an answer is refused after 10 s. */
export function withPatience(verdicts: Verdicts, milliseconds = PATIENCE_MS): Verdicts {
  return {
    of: async (release) => {
      const signal = AbortSignal.timeout(milliseconds);
      const late = new Promise<Verdict>((_resolve, reject) => {
        signal.addEventListener('abort', () =>
          reject(new Refusal(`GitHub gave no answer about verdicts within ${milliseconds / 1_000} s`)),
        );
      });
      return Promise.race([verdicts.of(release), late]);
    },
  };
}
