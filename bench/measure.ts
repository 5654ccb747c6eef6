/** Milliseconds of each run of two things that were measured in turn, so that the machine's moods hit both. */
export interface Paired {
  readonly ours: readonly number[];
  readonly peer: readonly number[];
}

/** Runs both `times` times in turn after one run of each that does not count. */
export function measureInTurn(
  times: number,
  ours: () => Promise<unknown>,
  peer: () => Promise<unknown>,
): Promise<Paired> {
  return measureAll(times, { ours, peer });
}

/** {@link measureInTurn} for any number of things, by their names. */
export async function measureAll<Name extends string>(
  times: number,
  works: Readonly<Record<Name, () => Promise<unknown>>>,
): Promise<Record<Name, number[]>> {
  const named = Object.entries(works) as [Name, () => Promise<unknown>][]; // entries forgets what the keys are
  const measured = Object.fromEntries(named.map(([name]) => [name, []])) as unknown as Record<Name, number[]>;
  for (let run = -1; run < times; run++) {
    for (const [name, work] of named) {
      const milliseconds = await timed(work);
      if (run >= 0) measured[name].push(milliseconds);
    }
  }
  return measured;
}

/** Returns how many milliseconds a piece of work takes. */
export async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Returns the middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One line of the report. */
export interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: number;
  /** The ratio that was promised. */
  readonly limit: number;
}

/** Returns a row of medians of times. */
export function rowOf(what: string, { ours, peer }: Paired, limit: number): Row {
  const seconds = (values: readonly number[]): string => describeSeconds(median(values));
  return { what, ours: seconds(ours), peer: seconds(peer), ratio: median(ours) / median(peer), limit };
}

/** Returns milliseconds as the report writes them: `0.123 s`. */
export function describeSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

/** Prints the rows; a ratio above its limit is said to be missed. */
export function printRows(rows: readonly Row[]): void {
  for (const { what, ours, peer, ratio, limit } of rows) {
    console.log(
      `${what.padEnd(52)} ours ${ours.padStart(10)}  peer ${peer.padStart(10)}  ratio ${ratio.toFixed(2)} (limit ${limit})${ratio <= limit ? '' : '  MISSED'}`,
    );
  }
}

/** One measured thing that has a limit of its own, whatever a peer takes. */
export interface Bound {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  /** Such as `s`. */
  readonly unit: string;
}

/** Prints a value beside its limit; one above it is said to be missed, and the measurement ends with exit code 1. */
export function printBound({ what, value, limit, unit }: Bound): void {
  const isMissed = !(value <= limit);
  console.log(`${what.padEnd(52)} ${value} ${unit} (limit ${limit} ${unit})${isMissed ? '  MISSED' : ''}`);
  if (isMissed) process.exitCode = 1;
}
