import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { diagnose } from '#core/doctor/diagnose.ts';
import type { ClusterFacts, Facts } from '#core/doctor/facts.ts';

const folder = join(import.meta.dirname, 'fixtures');

/** The worlds of lab/doctor.long.ts whose facts were recorded there: `RECORD_FACTS=1 npm run e2e:long -- lab/doctor.long.ts`. */
export const recorded: readonly string[] = readdirSync(folder).map((name) => name.replace(/\.json$/, ''));

/** Returns the recorded facts of a world. */
export function readFacts(name: string): Facts {
  const { facts } = JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { facts: [Facts] }; // by doctor itself
  return facts[0];
}

/** Returns facts with a changed part of git, and of the first image. */
export function withGit(
  facts: Facts,
  change: Partial<Facts['git']>,
  image: Partial<Facts['git']['images'][0]> = {},
): Facts {
  const [first, ...others] = facts.git.images;
  const images = first === undefined ? [] : [{ ...first, ...image }, ...others];
  return { ...facts, git: { ...facts.git, images, ...change } };
}

/** Returns facts with a changed part of the cluster. */
export function withCluster(facts: Facts, change: Partial<ClusterFacts>): Facts {
  if ('unknown' in facts.cluster) throw new Error('the cluster was not asked');
  return { ...facts, cluster: { value: { ...facts.cluster.value, ...change } } };
}

/** Returns what the cluster said. */
export function clusterOf({ cluster }: Facts): ClusterFacts {
  if ('unknown' in cluster) throw new Error('the cluster was not asked');
  return cluster.value;
}

/** Returns the causes that doctor names. */
export function codesOf(facts: Facts): string[] {
  return diagnose(facts).causes.map(({ code }) => code);
}
