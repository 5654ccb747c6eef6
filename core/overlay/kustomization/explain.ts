import { isPair, isScalar, isSeq, parseAllDocuments, parseDocument, visit } from 'yaml';
import { readImageEntries } from '#core/overlay/kustomization/entries.ts';
import type { DigestChange } from '#core/overlay/kustomization/images.ts';
import { withoutTag } from '#core/overlay/kustomization/reference.ts';
import type { Rendered } from '#core/overlay/kustomization/render.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** A YAML file that an overlay is rendered from. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Returns why an entry's digest changes nothing, by what the rendering shows, and what helps. */
export function explainUnmatched(change: DigestChange, rendered: Rendered, overlay: string): string {
  const { entry, image, repository, to } = change;
  const images = rendered.documents.flatMap(listImages);
  if (images.includes(`${repository}@${to}`))
    return `${overlay}: ${repository}@${to} runs already without its images entry; take the digest out of the base`;
  const fields = rendered.documents.flatMap((document) => findUnreached(document, entry) ?? []);
  const field = fields.find(({ kind }) => kind !== NEVER_CHANGED) ?? fields[0];
  if (field !== undefined) return describeUnreached(field, entry, overlay);
  const names = [...new Set(images.map(withoutTag))];
  const called = names.find((name) => name.endsWith(`/${entry}`));
  if (called !== undefined) {
    return `${overlay}: the images entry ${entry} matches no container, for the manifests call the image ${called}; write name: ${called} in the entry, and add names: [${called}] to ${image} in slipway.yaml`;
  }
  return `${overlay}: the images entry ${entry} matches no container${suggestName(entry, names)}; call it as the manifests call ${image}, and where that is not its key, add it to names of ${image} in slipway.yaml`;
}

/** Returns the images that a rendering names, without tags and digests, each once. */
export function listRepositories(rendered: Rendered): string[] {
  return [...new Set(rendered.documents.flatMap(listImages).map(withoutTag))];
}

/** Images of containers and of volumes; kustomize sorts the keys of what it renders. */
function listImages(document: string): string[] {
  const fields = document.matchAll(/^[ -]*image:(?:\n(?: +pullPolicy: .*\n)? +reference:)? *["']?([^\s"']+)/gm);
  return [...fields].map((match) => match[1] ?? '');
}

/** The one kind whose images kustomize leaves alone, whatever its configuration says. */
const NEVER_CHANGED = 'CustomResourceDefinition';

/** A field that names an image and that kustomize does not reach. */
interface Field {
  readonly kind: string;
  readonly name: string;
  /** As kustomize writes the place of a field: `spec/jobs[]/image`. */
  readonly path: string;
  /** The image with its tag and digest. */
  readonly value: string;
}

function findUnreached(document: string, entry: string): Field | undefined {
  const root = parseDocument(document);
  let found: Field | undefined;
  visit(root, {
    Scalar: (key, node, ancestors) => {
      if (key === 'key' || typeof node.value !== 'string' || withoutTag(node.value) !== entry) return undefined;
      const path = pathOf(ancestors);
      // a label may have the name of an image
      if (node.value === entry && !/image[^/]*(\/reference)?$/i.test(path)) return undefined;
      const [kind, name] = [root.get('kind'), root.getIn(['metadata', 'name'])];
      found = { kind: String(kind), name: String(name), path, value: node.value };
      return visit.BREAK;
    },
  });
  return found;
}

function pathOf(ancestors: readonly unknown[]): string {
  const steps = ancestors.map((node) => {
    if (isPair(node) && isScalar(node.key)) return `/${String(node.key.value)}`;
    return isSeq(node) ? '[]' : '';
  });
  return steps.join('').replace(/^\//, '');
}

function describeUnreached({ kind, name, path, value }: Field, entry: string, overlay: string): string {
  const place = `${overlay}: the images entry ${entry} matches no container; ${path} of ${kind} ${name} has the image`;
  if (kind === NEVER_CHANGED)
    return `${place}, and kustomize changes no image of a ${kind}; name the image in a workload, or take the entry out`;
  if (!takes(entry, value))
    return `${place} as ${value}, a tag or a digest that kustomize does not read; write ${entry} there, for the overlay gives the digest`;
  return `${place}, where kustomize does not look by itself. Add to the overlay's kustomization
configurations:
  - images.yaml
and beside it images.yaml with
images:
  - path: ${path}
    kind: ${kind}`;
}

/**
 * Returns what takes an image over from its entry: an entry below it in the overlay, an entry of a base or a component, or
 * an image transformer; undefined where none is found.
 */
export function findOverride(
  { entry, repository, to }: DigestChange,
  own: SourceFile,
  others: readonly SourceFile[],
): Refusal | undefined {
  const result = `${repository}@${to}`;
  const entries = readEntries(own);
  const position = entries.findIndex(({ name }) => name === entry);
  const later = entries.find(({ name }, index) => index > position && takes(name, result));
  if (later !== undefined) {
    return new Refusal(
      `${own.path}:${later.line}: the images entry ${quote(later.name)} takes over what the entry ${entry} above it writes; put it above that one, or narrow its name`,
    );
  }
  for (const file of others) {
    const first = readEntries(file).find(({ name }) => takes(name, entry));
    if (first !== undefined) {
      return new Refusal(
        `${file.path}:${first.line}: the images entry ${quote(first.name)} changes the image before the overlay's entry ${entry} sees it; take it out there`,
      );
    }
  }
  for (const file of [own, ...others]) {
    const transformer = transformersOf(file).find(({ name }) => takes(name, entry) || takes(name, result));
    if (transformer === undefined) continue;
    return new Refusal(
      `${file.path}:${transformer.line}: the ImageTagTransformer for ${quote(transformer.name)} changes the image besides the overlay's entry ${entry}; take it out there`,
    );
  }
  return undefined;
}

/** Returns the first entry whose name is not a valid pattern: kustomize reads it as one, and crashes. */
export function findBrokenPattern(file: SourceFile): { name: string; line: number } | undefined {
  return readEntries(file).find(({ name }) => patternOf(name) === undefined);
}

function readEntries({ path, text }: SourceFile): { name: string; line: number }[] {
  try {
    return readImageEntries(text, path);
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** As kustomize's image filter does: a name is a pattern, with a tag or a digest behind it. */
function takes(name: string, image: string): boolean {
  return patternOf(name)?.test(image) ?? false;
}

function patternOf(name: string): RegExp | undefined {
  // Go takes a star at the beginning for one of the anchor before it: the name then begins anywhere
  const anchored = /^[*?]/.test(name) ? name.slice(1) : `^${name}`;
  try {
    return new RegExp(`${anchored}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`);
  } catch {
    return undefined;
  }
}

/** Image transformers as documents of their own, and those that a kustomization holds as text. */
function transformersOf({ text }: SourceFile): { name: string; line: number }[] {
  const documents = parseAllDocuments(text, { logLevel: 'silent', prettyErrors: false });
  return ('empty' in documents ? [] : documents).flatMap((document) => {
    const inline = document.get('transformers');
    const nested = (isSeq(inline) ? inline.items : []).flatMap((item) =>
      isScalar(item) && typeof item.value === 'string' && /[\n{]/.test(item.value)
        ? transformersOf({ path: '', text: item.value }).map(({ name, line }) => ({
            name,
            line: line + lineAt(text, item.range?.[0] ?? 0),
          }))
        : [],
    );
    const name = document.getIn(['imageTag', 'name']);
    const own =
      document.get('kind') === 'ImageTagTransformer' && typeof name === 'string'
        ? [{ name, line: lineAt(text, document.range[0]) }]
        : [];
    return [...own, ...nested];
  });
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}
