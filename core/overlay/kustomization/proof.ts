import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { type Difference, findDifferences, type Path } from '#core/overlay/kustomization/differences.ts';
import type { DigestChange, ImageEntry } from '#core/overlay/kustomization/images.ts';
import type { Rendered } from '#core/overlay/kustomization/render.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** A container whose image changes. `from` and `to` are whole references. */
export interface ChangedContainer {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  /** The container's name; the field's path where the image is elsewhere (an image volume, a custom resource). */
  readonly container: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Returns the containers that a change of digests changes, or refuses: each difference between the two renderings must
 * be an image, from the entry's own image to the wanted digest, and each wanted image must change at least one.
 */
export function proveChange(
  before: Rendered,
  after: Rendered,
  changes: readonly DigestChange[],
  entries: readonly ImageEntry[],
  overlay: string,
): ChangedContainer[] {
  refuseOtherResources(before, after, overlay);
  const wanted = changes.map((change) => wantedImage(change, entries));
  const changed = before.documents.flatMap((document, index) => {
    const other = after.documents[index] ?? '';
    return document === other ? [] : compareResources(document, other, wanted, overlay);
  });
  for (const image of wanted) {
    if (!changed.some(({ from, to }) => isChangeOf(image, from, to))) throw explainUnmatched(image, before, overlay);
  }
  return changed;
}

interface WantedImage {
  readonly name: string;
  readonly repository: string;
  /** The references that the entry gave before; none where it left the base's own tag or digest. */
  readonly from: readonly string[];
  readonly to: string;
}

function wantedImage(change: DigestChange, entries: readonly ImageEntry[]): WantedImage {
  const repository = entries.find((entry) => entry.name === change.image)?.newName ?? change.image;
  const { fromTag: tag, from: digest } = change;
  const from = [
    ...(digest === undefined ? [] : [`${repository}@${digest}`]),
    ...(tag === undefined ? [] : [`${repository}:${tag}`]),
    // where an entry has both, kustomize 5 writes both and older ones the digest
    ...(tag === undefined || digest === undefined ? [] : [`${repository}:${tag}@${digest}`]),
  ];
  return { name: change.image, repository, from, to: `${repository}@${change.to}` };
}

function isChangeOf(image: WantedImage, from: string, to: string): boolean {
  const isOwn = image.from.length === 0 ? repositoryOf(from) === image.repository : image.from.includes(from);
  return isOwn && to === image.to;
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
    const isImage = isImageField(path) && typeof from === 'string' && typeof to === 'string';
    if (!isImage || !wanted.some((image) => isChangeOf(image, from, to))) {
      throw new Refusal(
        `${overlay}: the bump would also change ${path.join('.')} of ${kind} ${name} from ${show(from)} to ${show(to)}; only the images of ${wanted.map((image) => image.name).join(', ')} may change, by their entries`,
      );
    }
    return { kind, namespace, name, container: containerName(one, path), from, to };
  });
}

/** Where kustomize's images transformer reaches, and `image` fields of custom resources, to which it can be led. */
function isImageField(path: Path): boolean {
  const [field, index, list] = [path.at(-1), path.at(-2), path.at(-3)];
  if (field === 'image' && typeof index === 'number' && /containers$/i.test(String(list))) return true;
  if (field === 'reference' && index === 'image' && path.at(-4) === 'volumes') return true;
  return field === 'image' && path[0] === 'spec';
}

/** The name beside the image, else the place itself. */
function containerName(root: unknown, path: Path): string {
  const parent = path.slice(0, -1).reduce<unknown>((node, key) => childOf(node, key), root);
  const name = typeof path.at(-2) === 'number' ? childOf(parent, 'name') : undefined;
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

function explainUnmatched(image: WantedImage, before: Rendered, overlay: string): Refusal {
  const images = before.documents.flatMap(listImages);
  if (images.includes(image.to)) {
    return new Refusal(
      `${overlay}: ${image.to} runs already without its images entry; take the digest out of the base`,
    );
  }
  const names = listRepositories(before);
  return new Refusal(
    `${overlay}: the images entry ${image.name} matches no container${suggestName(image.name, names)}; correct its name, kustomize itself says nothing`,
  );
}

/** Returns the images that a rendering names, without tags and digests, each once. */
export function listRepositories(rendered: Rendered): string[] {
  return [...new Set(rendered.documents.flatMap(listImages).map(repositoryOf))];
}

function listImages(document: string): string[] {
  return [...document.matchAll(/^[ -]*image: *["']?([^\s"']+)/gm)].map((match) => match[1] ?? '');
}

/** `host:port/name:tag@digest` without tag and digest. */
function repositoryOf(reference: string): string {
  const plain = reference.replace(/@.*$/, '');
  const colon = plain.indexOf(':', plain.lastIndexOf('/') + 1);
  return colon === -1 ? plain : plain.slice(0, colon);
}

function show(value: Difference['from']): string {
  return value === undefined ? 'nothing' : quote(value);
}
