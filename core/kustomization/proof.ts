import { parse } from 'yaml';
import { z } from 'zod';
import { Refusal } from '#core/errors.ts';
import type { DigestChange, ImageEntry } from '#core/kustomization/images.ts';
import type { Rendered } from '#core/kustomization/render.ts';
import { suggestName } from '#core/nearest.ts';

/** A container whose image changes. `from` and `to` are whole references. */
export interface ChangedContainer {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly container: string;
  readonly from: string;
  readonly to: string;
}

/**
 * Returns the containers that a change of digests changes, or refuses: each difference between the two renderings must
 * be the image of a container, from the entry's own image to the wanted digest, and each wanted image must be in one.
 */
export function proveChange(
  before: Rendered,
  after: Rendered,
  changes: readonly DigestChange[],
  entries: readonly ImageEntry[],
  overlay: string,
): ChangedContainer[] {
  if (before.documents.length !== after.documents.length) {
    throw new Refusal(
      `${overlay}: the bump would change the number of resources from ${before.documents.length} to ${after.documents.length}; only images may change`,
    );
  }
  const wanted = changes.map((change) => wantedImage(change, entries));
  const changed = before.documents.flatMap((document, index) => {
    const other = after.documents[index] ?? '';
    return document === other ? [] : compareDocuments(document, other, wanted, overlay);
  });
  for (const image of wanted) {
    if (changed.some((container) => container.to === image.reference)) continue;
    throw new Refusal(
      `${overlay}: the images entry ${image.name} matches no container${suggestName(image.name, listImages(before))}; correct its name, kustomize itself says nothing`,
    );
  }
  return changed;
}

interface WantedImage {
  readonly name: string;
  readonly repository: string;
  readonly reference: string;
}

function wantedImage(change: DigestChange, entries: readonly ImageEntry[]): WantedImage {
  const repository = entries.find((entry) => entry.name === change.image)?.newName ?? change.image;
  return { name: change.image, repository, reference: `${repository}@${change.to}` };
}

const resource = z.looseObject({
  kind: z.string(),
  metadata: z.looseObject({ name: z.string().optional(), namespace: z.string().optional() }).optional(),
});

function compareDocuments(
  before: string,
  after: string,
  wanted: readonly WantedImage[],
  overlay: string,
): ChangedContainer[] {
  const [one, other]: [unknown, unknown] = [parse(before), parse(after)];
  const identity = resource.safeParse(one);
  const { kind = 'resource', metadata } = identity.success ? identity.data : {};
  const name = metadata?.name ?? '';
  return findDifferences(one, other, []).map((difference) => {
    const { from, to, path } = difference;
    const image = wanted.find((candidate) => candidate.reference === to);
    const isImage = path.at(-1) === 'image' && typeof from === 'string' && typeof to === 'string';
    if (!isImage || image === undefined || repositoryOf(from) !== image.repository) {
      throw new Refusal(
        `${overlay}: the bump would also change ${path.join('.')} of ${kind} ${name} from ${show(from)} to ${show(to)}; only images of containers may change with it`,
      );
    }
    return { kind, namespace: metadata?.namespace, name, container: containerName(one, path), from, to };
  });
}

interface Difference {
  readonly path: readonly string[];
  readonly from: unknown;
  readonly to: unknown;
}

function findDifferences(from: unknown, to: unknown, path: readonly string[]): Difference[] {
  if (Object.is(from, to)) return [];
  if (!isContainer(from) || !isContainer(to) || Array.isArray(from) !== Array.isArray(to)) return [{ path, from, to }];
  const keys = new Set([...Object.keys(from), ...Object.keys(to)]);
  return [...keys].flatMap((key) => findDifferences(valueOf(from, key), valueOf(to, key), [...path, key]));
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function valueOf(container: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(container, key)?.value;
}

/** The name beside the image, else the place itself. */
function containerName(root: unknown, path: readonly string[]): string {
  const parent = path
    .slice(0, -1)
    .reduce<unknown>((node, key) => (isContainer(node) ? valueOf(node, key) : undefined), root);
  const name = isContainer(parent) ? valueOf(parent, 'name') : undefined;
  return typeof name === 'string' ? name : path.slice(0, -1).join('.');
}

/** `host:port/name:tag@digest` without tag and digest. */
function repositoryOf(reference: string): string {
  const plain = reference.replace(/@.*$/, '');
  const slash = plain.lastIndexOf('/');
  const colon = plain.indexOf(':', slash + 1);
  return colon === -1 ? plain : plain.slice(0, colon);
}

function listImages(rendered: Rendered): string[] {
  const found = new Set<string>();
  for (const document of rendered.documents) {
    for (const match of document.matchAll(/^[ -]*image: *["']?([^\s"']+)/gm)) found.add(repositoryOf(match[1] ?? ''));
  }
  return [...found];
}

function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, 120);
}
