import { type Settled, settleVerdicts } from '#core/verdict/settle.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Reads what Argo CD reported, and writes what is proven of the releases it is about. */
export function run({ branch, app, revision, deadlineMs }: Inputs, ports: Ports): Promise<Settled[]> {
  return settleVerdicts({ branch, app, revision, deadlineMs }, ports);
}

/** Returns the newest release of each image in each environment. */
export function newestOf(verdicts: readonly Settled[]): Settled[] {
  const seen = new Set<string>();
  return verdicts.filter(({ release: { environment, image } }) => {
    const key = `${environment}/${image}`;
    const isFirst = !seen.has(key);
    seen.add(key);
    return isFirst;
  });
}
