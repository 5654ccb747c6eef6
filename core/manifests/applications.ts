import type { Change } from '#core/manifests/changes.ts';
import type { KubeObject } from '#core/manifests/objects.ts';
import { type Fields, isList, Plain, textAt, type Value, valueAt } from '#core/manifests/value.ts';

/** True for an Application or an ApplicationSet of Argo CD. */
export function isApplication({ group, kind }: Pick<KubeObject, 'group' | 'kind'>): boolean {
  return group === 'argoproj.io' && (kind === 'Application' || kind === 'ApplicationSet');
}

/** Returns the sources of an Application; an ApplicationSet's template has them. */
function sourcesOf(root: Fields): readonly Value[] {
  const spec = specOf(root);
  const many = valueAt(spec, 'sources');
  if (isList(many)) return many;
  const one = valueAt(spec, 'source');
  return one === undefined ? [] : [one];
}

function specOf(root: Fields): Value | undefined {
  return valueAt(root, ...(textAt(root, 'kind') === 'ApplicationSet' ? ['spec', 'template', 'spec'] : ['spec']));
}

/** Returns whether Argo CD deletes what an Application no longer has: false where it says nothing, as Argo CD has it. */
export function prunes(root: Fields): boolean {
  return textAt(specOf(root), 'syncPolicy', 'automated', 'prune') === 'true';
}

/** Returns whether an Application follows its branch by itself; otherwise someone starts each sync. */
export function syncsByItself(root: Fields): boolean {
  const automated = valueAt(specOf(root), 'syncPolicy', 'automated');
  return automated !== undefined && !(automated instanceof Plain) && textAt(automated, 'enabled') !== 'false';
}

/** What a change of a field of an Application does. */
const EFFECTS: readonly (readonly [RegExp, string])[] = [
  [/^source\.repoURL$/, 'It is taken from another repository.'],
  [
    /^source\.(path|chart)$/,
    'It deploys another folder: what the old one had and the new one has not is no longer wanted.',
  ],
  [/^source\.targetRevision$/, 'It follows another revision.'],
  [
    /^source\.(kustomize|helm|directory|plugin)$/,
    'It is rendered with other options, so the objects may change although no manifest does.',
  ],
  [/^destination\.(server|name)$/, 'It deploys to another cluster; what runs in the old one is left behind.'],
  [/^destination\.namespace$/, 'It deploys to another namespace; what the old one has is left behind or pruned.'],
  [/^project$/, 'It belongs to another project, whose rights apply.'],
  [/^syncPolicy\.automated$/, 'It syncs by other rules.'],
  [/^syncPolicy$/, 'It syncs with other options.'],
  [/^ignoreDifferences$/, 'Other differences are ignored.'],
];

/** Returns what a change of an Application does, in words. */
export function explainApplication(
  before: KubeObject | undefined,
  after: KubeObject | undefined,
  changes: readonly Change[],
): string {
  if (before === undefined) return `It is new${after === undefined ? '' : `: ${describeSource(after.root)}`}.`;
  if (after === undefined) return explainDeletion(before);
  const places = changes.map(({ path }) => {
    const steps = path.filter((step) => typeof step === 'string');
    const spec = after.kind === 'ApplicationSet' ? steps.slice(2) : steps;
    return spec[0] === 'spec'
      ? spec
          .slice(1, 3)
          .join('.')
          .replace(/^sources\b/, 'source')
      : '';
  });
  const found = EFFECTS.filter(([field]) =>
    places.some((place) => field.test(place) || field.test(place.split('.')[0] ?? '')),
  ).map(([, effect]) => effect);
  const lost = !syncsByItself(after.root) && syncsByItself(before.root);
  const notes = lost ? [...found, 'It no longer syncs by itself: someone starts each sync.'] : found;
  const unpruned = prunes(before.root) && !prunes(after.root) ? ['It no longer deletes what git no longer has.'] : [];
  const all = [...notes, ...unpruned];
  return all.length === 0 ? 'It deploys the same as before.' : all.join(' ');
}

/** The finalizer by which Argo CD deletes an Application's objects with it. */
const FINALIZER = 'resources-finalizer.argocd.argoproj.io';

function explainDeletion({ root }: KubeObject): string {
  const finalizers = valueAt(root, 'metadata', 'finalizers');
  const cascades = isList(finalizers) && finalizers.some((one) => typeof one === 'string' && one.startsWith(FINALIZER));
  return cascades
    ? 'Its file is gone. Where the Application is deleted, all that it deployed is deleted with it (its finalizer).'
    : 'Its file is gone. Where the Application is deleted, what it deployed stays and is no longer kept in step.';
}

function describeSource(root: Fields): string {
  const [source] = sourcesOf(root);
  const [path, revision] = [textAt(source, 'path') ?? textAt(source, 'chart'), textAt(source, 'targetRevision')];
  const namespace = textAt(specOf(root), 'destination', 'namespace');
  return `${path ?? 'its source'} at ${revision ?? 'HEAD'}${namespace === undefined ? '' : `, into the namespace ${namespace}`}`;
}
