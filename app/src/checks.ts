/** One thing that must answer before the bot can work. */
export interface Check {
  /** As /ready names it. */
  readonly name: string;
  /** The environment variable that configures it. */
  readonly variable: string;
  /** Returns nothing when all is well, else the reason in one sentence; undefined where it is not configured. */
  readonly probe: ((signal: AbortSignal) => Promise<string | undefined>) | undefined;
}

/** What /ready says of one check. */
export type CheckResult =
  | { readonly name: string; readonly status: 'ok' }
  | { readonly name: string; readonly status: 'failing'; readonly reason: string }
  | { readonly name: string; readonly status: 'not configured'; readonly variable: string };

/** How long a round of checks counts, and how long one may take. Milliseconds. */
export interface CheckTimes {
  readonly freshMs: number;
  readonly timeoutMs: number;
}

/**
 * Returns a function that runs all checks at once and keeps their answers for a while: however many probes arrive,
 * a dependency is asked once per round. What is not configured does not fail.
 */
export function createChecks(
  checks: readonly Check[],
  times: CheckTimes,
  now: () => number,
): () => Promise<readonly CheckResult[]> {
  let round: { readonly results: Promise<readonly CheckResult[]>; endsAt: number } | undefined;
  return () => {
    if (round !== undefined && now() < round.endsAt) return round.results;
    const begun = { results: Promise.all(checks.map((check) => runCheck(check, times.timeoutMs))), endsAt: Infinity };
    round = begun;
    // counted from the answer, not from the question: a slow dependency is not asked more often than a quick one
    begun.results.finally(() => {
      begun.endsAt = now() + times.freshMs;
    });
    return begun.results;
  };
}

/** True when nothing that is configured fails. */
export function isReady(results: readonly CheckResult[]): boolean {
  return results.every(({ status }) => status !== 'failing');
}

async function runCheck({ name, variable, probe }: Check, timeoutMs: number): Promise<CheckResult> {
  if (probe === undefined) return { name, status: 'not configured', variable };
  const signal = AbortSignal.timeout(timeoutMs);
  const expired = new Promise<string>((resolve) => {
    signal.addEventListener('abort', () => resolve(`no answer within ${timeoutMs} ms`), { once: true });
  });
  // the race, since a probe may not heed its signal
  const reason = await Promise.race([probe(signal).catch(describeFailure), expired]);
  return reason === undefined ? { name, status: 'ok' } : { name, status: 'failing', reason };
}

/** The name of what was thrown and no more: messages of clients hold addresses and sometimes headers. */
function describeFailure(error: unknown): string {
  return error instanceof Error ? error.name : 'failed';
}
