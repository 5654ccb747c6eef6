import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from 'yaml';
import type * as z from 'zod';
import {
  type ConfigDocument,
  describeYamlError,
  type Fault,
  faultAt,
  findAliases,
  valueAt,
} from '#core/config/document.ts';
import { describeMoment, HOLD_KINDS, holdSchema, holdsSchema } from '#core/release/hold-schema.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { suggestName } from '#core/values/suggest.ts';

type WrittenHold = z.output<typeof holdSchema>;

/** Why an image is held, or, for `accepted`, why a change by hand does not hold it. */
export type HoldKind = WrittenHold['kind'];

/** True for a kind of hold. */
export function isHoldKind(text: string | undefined): text is HoldKind {
  return HOLD_KINDS.some((kind) => kind === text);
}

/** A written reason why automatic bumps leave an image alone: an entry of `overlays/<env>/holds.yaml`. */
export interface Hold {
  /** A key of slipway.yaml's images, or `*` for all of them. */
  readonly image: string;
  /** `accepted` holds nothing: automatic bumps go on from its digest, which a change by hand brought. */
  readonly kind: HoldKind;
  readonly reason: string;
  readonly by: string;
  readonly since: Date;
  /** Undefined for a hold that lasts until it is released. */
  readonly until: Date | undefined;
  /** What the hold is about; always there for the kind `accepted`. */
  readonly digest: Digest | undefined;
  /** The commit that the digest was built from, where it is known. */
  readonly source?: CommitSha | undefined;
}

/** A hold file: its tree, and the hold of each entry, in the file's order. */
export interface HoldDocument {
  readonly tree: Document.Parsed;
  readonly entries: readonly { readonly hold: Hold; readonly node: YAMLMap }[];
}

const MOST_BYTES = 64 * 1024;
const TIMESTAMP = 'tag:yaml.org,2002:timestamp';

/** Returns the holds of a file with the nodes that they are read from, or refuses it with every fault that it has. */
export function readHoldDocument(file: string, text: string): HoldDocument {
  if (Buffer.byteLength(text) > MOST_BYTES) {
    throw refuse(file, [{ line: 1, sentence: `is larger than ${MOST_BYTES / 1024} KiB: remove holds that are over` }]);
  }
  const lines = new LineCounter();
  const tree = parseDocument(text, { lineCounter: lines, prettyErrors: false, keepSourceTokens: true });
  const document = { tree, lines };
  const faults = findSyntaxFaults(text, document);
  if (faults.length > 0) throw refuse(file, faults);
  const parsed = holdsSchema.safeParse(tree.toJS());
  if (!parsed.success) {
    throw refuse(
      file,
      parsed.error.issues.flatMap((issue) => describeIssue(issue, document)),
    );
  }
  const holds = (parsed.data ?? []).map(({ until, digest, ...hold }): Hold => ({ ...hold, until, digest }));
  const contradictions = holds.flatMap((hold, index) => checkHold(hold, String(index), document));
  if (contradictions.length > 0) throw refuse(file, contradictions);
  const nodes = isSeq(tree.contents) ? tree.contents.items.filter((item) => isMap(item)) : [];
  return { tree, entries: holds.flatMap((hold, index) => (nodes[index] ? [{ hold, node: nodes[index] }] : [])) };
}

function refuse(file: string, faults: readonly Fault[]): Refusal {
  const sorted = [...faults].sort((one, other) => one.line - other.line);
  const lines = sorted.map(({ line, sentence }) => `${file}:${line}: ${sentence}`);
  return new Refusal([...lines, 'Nothing is written to the environment until this file can be read.'].join('\n'));
}

/** What makes a text something else than the plain YAML that every reader takes in the same way. */
function findSyntaxFaults(text: string, document: ConfigDocument): Fault[] {
  const { tree, lines } = document;
  const lineAt = (offset: number): number => lines.linePos(offset).line;
  if (text.startsWith('\uFEFF')) {
    return [{ line: 1, sentence: 'begins with a byte order mark: save it as UTF-8 without one' }];
  }
  const stray = text.search(/\r(?!\n)/);
  if (stray >= 0)
    return [{ line: lineAt(stray), sentence: 'a carriage return without a line feed: end lines with LF or CRLF' }];
  if (tree.errors.some(({ code }) => code === 'RESOURCE_EXHAUSTION')) {
    return [{ line: 1, sentence: 'is nested too deep: write a flat list of holds' }];
  }
  const [error] = [...tree.errors].sort((one, other) => one.pos[0] - other.pos[0]);
  if (error !== undefined) {
    return [{ line: lineAt(error.pos[0]), sentence: describeSyntax(error.code, error.message, text, error.pos[0]) }];
  }
  if (tree.directives.yaml.explicit === true) {
    return [{ line: 1, sentence: 'names a version of YAML: remove the line that begins with %YAML' }];
  }
  return [...findAliases(tree, lines), ...findMarks(document)];
}

function describeSyntax(code: string, message: string, text: string, at: number): string {
  const line = text.slice(text.lastIndexOf('\n', at - 1) + 1);
  if (/^[ -]*\t/.test(line)) return describeYamlError('TAB_AS_INDENT', message, '');
  if (code === 'BAD_ALIAS') return 'the * has no quotes: write "*" for all images';
  if (code === 'BAD_SCALAR_START') return `the text begins with ${text[at]}: put it in quotes`;
  if (code === 'BLOCK_AS_IMPLICIT_KEY') return 'the line has two colons: put text that contains ": " in quotes';
  const sentence = describeYamlError(code, message, text.slice(at));
  return sentence.startsWith('is not YAML') ? `${sentence}; correct it here or above` : sentence;
}

/** Anchors, tags and merge keys: none is needed, and readers differ over them. */
function findMarks({ tree, lines }: ConfigDocument): Fault[] {
  const faults: Fault[] = [];
  const add = (node: Node, sentence: string): void =>
    void faults.push({ line: lines.linePos(node.range?.[0] ?? 0).line, sentence });
  visit(tree, {
    Node: (key, node) => {
      if (node.anchor !== undefined) add(node, `the anchor &${node.anchor} is not allowed here: remove it`);
      if (isScalar(node) && node.tag === TIMESTAMP) node.value = node.source;
      else if (node.tag !== undefined) add(node, `the tag ${node.tag} is not allowed here: remove it`);
      if (key === 'key' && isScalar(node) && node.value === '<<') {
        add(node, 'the merge key << is not allowed here: write the fields themselves');
      }
    },
  });
  return faults;
}

/** What the schema finds wrong at one place. */
function describeIssue(issue: z.core.$ZodIssue, document: ConfigDocument): Fault[] {
  const path = issue.path.map(String);
  const [index, key] = path;
  const at = (sentence: string, place = path): Fault => faultAt(document, [], sentence, place);
  const value = valueAt(document, path);
  if (issue.code === 'unrecognized_keys') {
    const known = Object.keys(holdSchema.shape);
    return issue.keys.map((name) => at(`unknown key ${quote(name)}${suggestName(name, known)}`, [...path, name]));
  }
  if (index === undefined)
    return [at(`${show(value)} is not a list of holds: begin each hold with a dash, - image: …`)];
  if (key === undefined)
    return [at(`${show(value)} is not a hold: write image, kind, reason, by and since below the dash`)];
  if (value === undefined) return [at(`the hold has no ${key}: add it`, [index])];
  if (value === null) return [at(`${key}: is empty: write a value, or put text that begins with # in quotes`)];
  if (key === 'kind')
    return [at(`kind: ${show(value)} is not a kind of hold${suggestName(String(value), HOLD_KINDS)}`)];
  const isDate = key === 'since' || key === 'until';
  const type = isDate ? describeMoment(String(value)) : 'is not text: put it in quotes';
  const reason = issue.code === 'invalid_type' ? type : issue.message;
  return [at(`${key}: ${show(value)} ${reason}`)];
}

function checkHold({ kind, since, until, digest }: Hold, index: string, document: ConfigDocument): Fault[] {
  const at = (key: string, sentence: string): Fault => faultAt(document, [], sentence, [index, key]);
  const written = (key: string): string => show(valueAt(document, [index, key]));
  const isReversed = until !== undefined && until < since;
  return [
    ...(kind === 'accepted' && digest === undefined
      ? [at('kind', 'kind: "accepted" needs a digest: add the one that the change by hand brought')]
      : []),
    ...(isReversed
      ? [at('until', `until: ${written('until')} is before since, ${written('since')}: correct one`)]
      : []),
  ];
}

function show(value: unknown): string {
  if (typeof value === 'string') return quote(value);
  const text = JSON.stringify(value);
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}
