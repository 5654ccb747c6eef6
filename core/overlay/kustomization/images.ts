import { isDeepStrictEqual } from 'node:util';
import { isAlias, isNode, type Node } from 'yaml';
import { findField, listAliases, rangeOf, readSource, type Source } from '#core/overlay/kustomization/document.ts';
import { type LocatedEntry, locateEntries } from '#core/overlay/kustomization/entries.ts';
import { entryLines, findEntries, type ImageSettings, refuseMissing } from '#core/overlay/kustomization/own-entries.ts';
import { applySplices, type Splice, spliceDigest } from '#core/overlay/kustomization/splices.ts';
import { namesOf } from '#core/overlay/names.ts';
import { Refusal } from '#core/values/errors.ts';
import type { Digest } from '#core/values/reference.ts';

/** What {@link setDigests} changed about one image. */
export interface DigestChange {
  /** The image's key in slipway.yaml. */
  readonly image: string;
  /** The entry's name. */
  readonly entry: string;
  /** What the entry's containers pull, without tag and digest. */
  readonly repository: string;
  readonly from: Digest | undefined;
  readonly fromTag: string | undefined;
  readonly to: Digest;
  /** Line of the digest in the new text, from 1. */
  readonly line: number;
}

/**
 * Returns the text with each wanted digest in the entries of its image, and what was changed; nothing where the digest is
 * there already. Only the scalar moves: comments, order, quotes, indentation and line ends stay, since the text is spliced
 * and not written again from a model. What the new text says is compared with what it should say: a form in which the
 * digest cannot be changed alone (an anchor that others use) is refused.
 */
export function setDigests(
  text: string,
  file: string,
  wanted: ReadonlyMap<string, Digest>,
  settings: ImageSettings = {},
): { text: string; changes: DigestChange[] } {
  const source = readSource(text, file);
  const entries = locateEntries(source);
  const names = settings.names ?? new Map();
  refuseMissing(source, entries, wanted, settings);
  const edits = [...wanted].flatMap(([image, to]): Edit[] =>
    findEntries(source, entries, namesOf(names, image))
      .filter((entry) => entry.digest !== to)
      .map((entry) => {
        const splices = spliceDigest(source, entry.node, { image: entry.name, digest: to });
        return { image, entry, to, splices };
      }),
  );
  const result = applySplices(
    text,
    edits.flatMap((edit) => edit.splices),
  );
  const lines = proveEdits(source, result, edits);
  const changes = edits.map(({ image, entry, to }, index): DigestChange => {
    const { name, newName, digest: from, newTag: fromTag } = entry;
    const line = lines[index] ?? entry.line;
    return { image, entry: name, repository: newName ?? name, from, fromTag, to, line };
  });
  return { text: result, changes };
}

interface Edit {
  readonly image: string;
  readonly entry: LocatedEntry;
  readonly to: Digest;
  readonly splices: readonly Splice[];
}

/** Returns each edit's line of the digest, or refuses when the new text says anything but the wanted digests. */
function proveEdits(source: Source, text: string, edits: readonly Edit[]): number[] {
  const found = readEdited(text, source.file);
  const expected = plainValues(source.values, edits, true);
  if (found !== undefined && isDeepStrictEqual(plainValues(found.source.values, edits, false), expected)) {
    return edits.map(({ entry }) => {
      const node = found.entries[entry.index]?.node;
      const pair = node === undefined ? undefined : findField(found.source, node, 'digest')?.pair;
      return pair === undefined ? entry.line : found.source.line(rangeOf(pair.key)[0]);
    });
  }
  throw explainEntanglement(source, edits);
}

function readEdited(text: string, file: string): { source: Source; entries: LocatedEntry[] } | undefined {
  try {
    const source = readSource(text, file);
    return { source, entries: locateEntries(source) };
  } catch (error) {
    if (error instanceof Refusal) return undefined; // the caller explains why the edit failed
    throw error;
  }
}

/** The file's values with the edited entries in one form of many: keys without case, no empty tag; `wanted` sets digests. */
function plainValues(values: unknown, edits: readonly Edit[], wanted: boolean): unknown {
  const root: Record<string, unknown> = { ...(values as object) }; // readSource lets only mappings through
  const key = Object.keys(root).find((name) => name.toLowerCase() === 'images') ?? 'images';
  const items = [...((root[key] ?? []) as Record<string, unknown>[])]; // no list without an edit, else one of mappings
  for (const { entry, to } of edits) {
    const fields = Object.entries(items[entry.index] ?? {}).filter(([name]) => !/^(digest|newtag)$/i.test(name));
    const lower = Object.entries(items[entry.index] ?? {}).map(([name, value]) => [name.toLowerCase(), value] as const);
    const { digest, newtag } = Object.fromEntries(lower);
    items[entry.index] = {
      ...Object.fromEntries(fields),
      digest: wanted ? to : digest,
      newtag: wanted ? '' : (newtag ?? ''),
    };
  }
  return { ...root, [key]: items };
}

/** Says which anchor gives an edited value to another place, where that is the reason. */
function explainEntanglement(source: Source, edits: readonly Edit[]): Refusal {
  const valuesOf = ({ node }: LocatedEntry) =>
    ['digest', 'newTag'].map((name) => findField(source, node, name)?.pair.value);
  const replaced = new Set(edits.flatMap(({ entry }) => valuesOf(entry)));
  const aliases = listAliases(source).filter((alias) => !replaced.has(alias));
  for (const { entry } of edits) {
    const values = valuesOf(entry);
    const place = [...entry.place, ...values].filter((node): node is Node => isNode(node) && !isAlias(node));
    const user = aliases.find((alias) => place.some((node) => alias.resolve(source.document) === node));
    if (user === undefined) continue;
    const [at] = rangeOf(user);
    return new Refusal(
      `${source.file}:${source.line(at)}: *${user.source} repeats what the anchor &${user.source} marks, and would change with ${entry.name}; write the value there itself`,
    );
  }
  const [first] = edits;
  if (first === undefined) return new Refusal(`${source.file} reads differently when it is read twice`);
  const { name, newName, line } = first.entry;
  const plain = entryLines(name, newName ?? `<registry>/${name}`, first.to);
  return new Refusal(
    `${source.file}:${line}: the digest of ${name} cannot be changed alone in the form of this entry; write it as\n${plain}`,
  );
}
