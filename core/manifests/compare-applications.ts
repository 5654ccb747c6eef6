import type { ApplicationFile } from '#core/manifests/applications-of.ts';
import { compareManifests } from '#core/manifests/compare.ts';
import { type KubeObject, matchObjects } from '#core/manifests/objects.ts';
import type { Entry } from '#core/manifests/report.ts';
import type { Side, Sides } from '#core/manifests/sides.ts';
import { normalizeFolder } from '#core/overlay/reach.ts';

/** What is told of an environment. */
export interface Told {
  readonly name: string;
  readonly notes: readonly string[];
  readonly entries: readonly Entry[];
}

/** What Applications that follow no environment are put under; not a name that an environment may have. */
const ELSEWHERE = 'Argo CD';

/** Adds the Applications that change to what is told of the environments that they follow. */
export function compareApplications(sides: Sides, told: readonly Told[]): Told[] {
  const [before, after] = [sides.base, sides.head].map((side) => {
    return side.applications.filter(({ file }) => !isRendered(file, side));
  });
  const all = [...(before ?? []), ...(after ?? [])];
  const objects = (files: readonly ApplicationFile[] = []): KubeObject[] => files.map(({ object }) => object);
  const byName = new Map(told.map((one) => [one.name, one]));
  for (const pair of matchObjects(objects(before), objects(after))) {
    const side = (object: KubeObject | undefined) => (object === undefined ? [] : [object]);
    const entries = compareManifests({ before: side(pair.before), after: side(pair.after) });
    if (entries.length === 0) continue;
    const own = all.filter(({ object }) => object === pair.before || object === pair.after);
    const names = findFollowed(sides, own);
    for (const name of names.length > 0 ? names : [ELSEWHERE]) {
      const known = byName.get(name) ?? { name, notes: [], entries: [] };
      byName.set(name, { ...known, entries: [...known.entries, ...entries] });
    }
  }
  return [...byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
}

/** One that an overlay renders is compared there, as it is rendered. */
function isRendered(file: string, { environments, reach }: Side): boolean {
  const reached = reach.reachedFrom([file]);
  return [...environments.values()].some(({ overlay }) => reached.has(normalizeFolder(overlay)));
}

function findFollowed({ base, head }: Sides, own: readonly ApplicationFile[]): string[] {
  const found = [base, head].flatMap(({ environments }) =>
    [...environments.values()].filter(({ overlay }) => own.some(({ follows }) => follows(overlay))),
  );
  return [...new Set(found.map(({ name }) => name))];
}
