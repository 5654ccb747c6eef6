import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type Difference, findDifferences, type Path } from '#core/overlay/kustomization/differences.ts';
import { explainUnmatched } from '#core/overlay/kustomization/explain.ts';
import type { DigestChange } from '#core/overlay/kustomization/images.ts';
import { withoutTag } from '#core/overlay/kustomization/reference.ts';
import type { Rendered } from '#core/overlay/kustomization/render.ts';
import { quote, Refusal } from '#core/values/errors.ts';

/** A container whose image changes. `from` and `to` are whole references. */
export interface ChangedContainer {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The container's name; the field's path where the image is elsewhere (an image volume, a custom resource, a copy). */
  readonly container: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Returns the containers that a change of digests changes, or refuses: each difference between the two renderings must
 * be one of values alone, from an entry's own image to its wanted digest, in whatever field it is; and each entry must
 * change at least one.
 */
export function proveChange(
  before: Rendered,
  after: Rendered,
  changes: readonly DigestChange[],
  overlay: string,
): ChangedContainer[] {
  refuseOtherResources(before, after, overlay);
  const wanted = changes.map(wantedImage);
  const changed = before.documents.flatMap((document, index) => {
    const other = after.documents[index] ?? '';
    return document === other ? [] : compareResources(document, other, wanted, overlay);
  });
  for (const image of wanted) {
    if (!changed.some(({ from, to }) => isChangeOf(image, from, to)))
      throw new UnmatchedEntry(image.change, before, overlay);
  }
  return changed;
}

/** An entry whose digest changes nothing in the rendering. */
export class UnmatchedEntry extends Refusal {
  readonly change: DigestChange;

  constructor(change: DigestChange, rendered: Rendered, overlay: string) {
    super(explainUnmatched(change, rendered, overlay));
    this.change = change;
  }
}

interface WantedImage {
  readonly change: DigestChange;
  /** The references that the entry gave before; none where it left the base's own tag or digest. */
  readonly from: readonly string[];
  readonly to: string;
}

function wantedImage(change: DigestChange): WantedImage {
  const { repository, fromTag: tag, from: digest } = change;
  const from = [
    ...(digest === undefined ? [] : [`${repository}@${digest}`]),
    ...(tag === undefined ? [] : [`${repository}:${tag}`]),
    // where an entry has both, kustomize 5 writes both and older ones the digest
    ...(tag === undefined || digest === undefined ? [] : [`${repository}:${tag}@${digest}`]),
  ];
  return { change, from, to: `${repository}@${change.to}` };
}

function isChangeOf({ change, from: own, to: wanted }: WantedImage, from: string, to: string): boolean {
  return to === wanted && (own.length === 0 ? withoutTag(from) === change.repository : own.includes(from));
}

/** A replacement may copy the digest alone. */
function isDigestOf({ change }: WantedImage, from: string, to: string): boolean {
  return change.from !== undefined && from === change.from && to === change.to;
}

function compareResources(
  before: string,
  after: string,
  wanted: readonly WantedImage[],
  overlay: string,
): ChangedContainer[] {
  const [one, other] = [parseDocument(before).contents, parseDocument(after).contents];
  const { kind, namespace, name } = identify(before);
  const differences = findDifferences(one, other);
  if (differences.length === 0) {
    throw new Refusal(
      `${overlay}: ${kind} ${name} renders in another form, though with the same values; nothing is written`,
    );
  }
  return differences.map(({ path, from, to }) => {
    const isOwn =
      typeof from === 'string' &&
      typeof to === 'string' &&
      wanted.some((image) => isChangeOf(image, from, to) || isDigestOf(image, from, to));
    if (!isOwn) {
      const images = [...new Set(wanted.map(({ change }) => change.image))].join(', ');
      throw new Refusal(
        `${overlay}: the bump would also change ${path.join('.')} of ${kind} ${name} from ${show(from)} to ${show(to)}; only the images of ${images} may change, by their entries`,
      );
    }
    return { kind, namespace, name, container: containerName(one, path), from, to };
  });
}

/** The name beside the image, else the place itself. */
function containerName(root: unknown, path: Path): string {
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => childOf(node, key), root);
  const name = path.at(-1) === 'image' && typeof path.at(-2) === 'number' ? childOf(parent, 'name') : undefined;
  return isScalar(name) && typeof name.value === 'string' ? name.value : path.join('.');
}

function childOf(node: unknown, key: string | number): unknown {
  return isMap(node) || isSeq(node) ? node.get(key, true) : undefined;
}

interface Identity {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

function identify(document: string): Identity {
  const root = parseDocument(document);
  const text = (...path: string[]): string | undefined => {
    const value = root.getIn(path);
    return value === undefined || value === null ? undefined : String(value);
  };
  return {
    kind: text('kind') ?? 'a resource without kind',
    namespace: text('metadata', 'namespace'),
    name: text('metadata', 'name') ?? 'without name',
  };
}

/** A generated name that follows the image (a replacement into a config map) is a change beyond the image. */
function refuseOtherResources(before: Rendered, after: Rendered, overlay: string): void {
  if (before.documents.length !== after.documents.length) {
    throw new Refusal(
      `${overlay}: the bump would change the number of resources from ${before.documents.length} to ${after.documents.length}; only images may change with it`,
    );
  }
  for (const [index, document] of before.documents.entries()) {
    const other = after.documents[index] ?? '';
    if (document === other) continue;
    const [was, is] = [describe(identify(document)), describe(identify(other))];
    if (was !== is)
      throw new Refusal(`${overlay}: the bump would turn ${was} into ${is}; only images may change with it`);
  }
}

function describe({ kind, namespace, name }: Identity): string {
  return namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
}

function show(value: Difference['from']): string {
  return value === undefined ? 'nothing' : quote(value);
}
