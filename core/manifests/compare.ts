import { explainApplication, isApplication } from '#core/manifests/applications.ts';
import { type Change, findChanges } from '#core/manifests/changes.ts';
import { explainConfig } from '#core/manifests/config-change.ts';
import { renderChanges, renderWhole } from '#core/manifests/diff-lines.ts';
import { type KubeObject, matchObjects, type Pair } from '#core/manifests/objects.ts';
import { findRefused } from '#core/manifests/refusals.ts';
import { explainRemoval } from '#core/manifests/removal.ts';
import type { Entry, Group } from '#core/manifests/report.ts';
import { explainRollout } from '#core/manifests/rollout.ts';
import { isSecret, listSecrets, maskSecret } from '#core/manifests/secrets.ts';
import { hasSyncOption, isHook } from '#core/manifests/sync-options.ts';
import type { Fields } from '#core/manifests/value.ts';
import { createScrub, type Scrub } from '#core/terraform/secrets.ts';
import { showCount, showInvisible } from '#core/values/markdown.ts';

/** Two renderings of an overlay, and what is known of how they reach the cluster. */
export interface Comparison {
  readonly before: readonly KubeObject[];
  readonly after: readonly KubeObject[];
  /** The Application that follows the overlay and does not prune; undefined where one does, or none is known. */
  readonly keeper?: string | undefined;
  /** What a check of the schema says of objects of `after`. */
  readonly findings?: ReadonlyMap<KubeObject, readonly string[]>;
}

/** What is told of an object, before secrets and invisible characters are taken out. */
interface Told {
  readonly group: Group;
  readonly notes: readonly string[];
  readonly lines: readonly string[];
}

/** Returns an entry for each object that two renderings do not share as it is. No value of a Secret is in them. */
export function compareManifests(comparison: Comparison): Entry[] {
  const { before, after } = comparison;
  const scrub = createScrub(listSecrets([...before, ...after]));
  const pairs = matchObjects(before, after);
  const changed = pairs.filter((pair) => pair.before?.text !== pair.after?.text);
  const label = createLabel(pairs);
  return changed.flatMap((pair) => {
    const told = tell(pair, pairs, comparison, scrub);
    if (told === undefined) return [];
    const note = showInvisible(scrub(told.notes.filter(Boolean).join(' ')));
    return [{ group: told.group, label: showInvisible(scrub(label(pair))), note, diff: told.lines.join('\n') }];
  });
}

/** Returns the objects of a rendering that are new or not as they were. */
export function listChanged({ before, after }: Pick<Comparison, 'before' | 'after'>): KubeObject[] {
  return matchObjects(before, after).flatMap((pair) =>
    pair.after === undefined || pair.before?.text === pair.after.text ? [] : [pair.after],
  );
}

function tell(pair: Pair, pairs: readonly Pair[], comparison: Comparison, scrub: Scrub): Told | undefined {
  const told = tellPair(pair, pairs, comparison, scrub);
  const findings = pair.after === undefined ? [] : (comparison.findings?.get(pair.after) ?? []);
  if (told === undefined || findings.length === 0) return told;
  return { ...told, group: 'error', notes: [...findings.map((finding) => `kubeconform: ${finding}.`), ...told.notes] };
}

function tellPair(
  pair: Pair,
  pairs: readonly Pair[],
  { after: all, keeper }: Comparison,
  scrub: Scrub,
): Told | undefined {
  const { before, after } = pair;
  if (before === undefined && after === undefined) return undefined;
  if (before === undefined || after === undefined) {
    const lines = renderOneSide(before, after, scrub);
    if (after !== undefined) return { group: groupOf(after, 'add'), notes: [explainNew(after)], lines };
    if (before === undefined) return undefined;
    if (isApplication(before))
      return { group: 'application', notes: [explainApplication(before, undefined, [])], lines };
    const { stays, note } = explainRemoval(before, all, keeper);
    return { group: stays ? 'change' : 'remove', notes: [note], lines };
  }
  const changes = findChanges(before.root, after.root);
  const shown = isSecret(after) ? findChanges(...maskBoth(before.root, after.root)) : changes;
  if (changes.length === 0) return undefined; // the same, written otherwise
  const lines = renderChanges(shown, scrub);
  if (isApplication(after)) return { group: 'application', notes: [explainApplication(before, after, changes)], lines };
  return { ...explainChange(pair, pairs, before, after, changes), lines };
}

function explainChange(
  pair: Pair,
  pairs: readonly Pair[],
  before: KubeObject,
  after: KubeObject,
  changes: readonly Change[],
): Omit<Told, 'lines'> {
  if (isHook(after))
    return { group: 'change', notes: ['Argo CD deletes it and makes it again at each sync (its hook).'] };
  const refused = pair.stem === undefined ? findRefused(before, after, changes) : [];
  if (refused.length > 0 && hasSyncOption(after, 'Force=true') && hasSyncOption(after, 'Replace=true'))
    return {
      group: 'restart',
      notes: [`It is deleted and made again, for ${refused.join(', ')} cannot change (Force=true,Replace=true).`],
    };
  if (refused.length > 0)
    return {
      group: 'error',
      notes: [
        `The sync fails: ${refused.join(', ')} of a ${after.kind} cannot change. Give it a new name, or delete it first.`,
      ],
    };
  const effects = explainRollout(before, after);
  const notes = [...effects.map(({ note }) => note), ...explainConfig(pair, pairs)];
  const group = effects.some(({ ends }) => ends) ? 'restart' : 'change';
  return { group, notes: notes.length > 0 ? notes : [countChanges(changes)] };
}

function countChanges(changes: readonly Change[]): string {
  return changes.length === 1 ? 'One field changes.' : `${showCount(changes.length)} fields change.`;
}

function explainNew(after: KubeObject): string {
  return isApplication(after) ? explainApplication(undefined, after, []) : 'It is new.';
}

function groupOf(object: KubeObject, group: Group): Group {
  return isApplication(object) ? 'application' : group;
}

function renderOneSide(before: KubeObject | undefined, after: KubeObject | undefined, scrub: Scrub): string[] {
  const object = after ?? before;
  if (object === undefined) return [];
  if (!isSecret(object)) return renderWhole(object.text, after === undefined ? '-' : '+', scrub);
  const masked = maskSecret(object.root, undefined);
  return renderChanges([{ path: [], from: before && masked, to: after && masked }], scrub);
}

function maskBoth(before: Fields, after: Fields): [Fields, Fields] {
  return [maskSecret(before, undefined), maskSecret(after, before)];
}

/** Returns a function that names a pair: `Deployment/bot`, with the namespace or the API group where two share that. */
function createLabel(pairs: readonly Pair[]): (pair: Pair) => string {
  const short = ({ before, after, stem }: Pair): string =>
    `${(after ?? before)?.kind}/${stem ?? (after ?? before)?.name}`;
  const long = (pair: Pair): string => {
    const { namespace = '', kind = '' } = pair.after ?? pair.before ?? {};
    return [kind, ...(namespace === '' ? [] : [namespace]), short(pair).slice(kind.length + 1)].join('/');
  };
  const count = (name: (pair: Pair) => string): Map<string, number> => {
    const counts = new Map<string, number>();
    for (const pair of pairs) counts.set(name(pair), (counts.get(name(pair)) ?? 0) + 1);
    return counts;
  };
  const [shorts, longs] = [count(short), count(long)];
  return (pair) => {
    if (shorts.get(short(pair)) === 1) return short(pair);
    if (longs.get(long(pair)) === 1) return long(pair);
    const object = pair.after ?? pair.before;
    return `${object?.kind}.${object?.group}${long(pair).slice(object?.kind.length ?? 0)}`;
  };
}
