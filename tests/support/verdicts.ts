import type { AskPorts } from '#core/release/ask.ts';
import type { JudgedRelease, Verdict, Verdicts } from '#core/verdict/proven.ts';

/** Verdicts that a test gives, and what was asked of them. */
export interface SaidVerdicts extends Verdicts {
  readonly asked: readonly JudgedRelease[];
}

/** Returns verdicts by digest; a digest that is not given has none. */
export function sayVerdicts(words: Readonly<Record<string, Verdict['word']>>): SaidVerdicts {
  const asked: JudgedRelease[] = [];
  return {
    asked,
    of: async (release) => {
      asked.push(release);
      const word = words[release.digest] ?? 'none';
      if (word === 'none') return { word, said: '' };
      return { word, said: `${word}: as the test says`, at: '2030-01-02T10:00:00Z' };
    },
  };
}

/** Gives ports these verdicts. */
export function withVerdicts(verdicts: Verdicts): (ports: AskPorts) => AskPorts {
  return (ports) => ({ ...ports, verdicts });
}
