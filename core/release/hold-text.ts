import { posix } from 'node:path';
import type { Hold } from '#core/release/hold-document.ts';

/** Words that a reader of YAML 1.1 or 1.2 takes for something else than text. */
const NOT_TEXT = /^(?:true|false|yes|no|on|off|y|n|null|nan|inf)$/i;

/** Text without quotes: it begins with a letter, and has neither `: ` nor ` #` nor a space at its end. */
const PLAIN = /^\p{L}(?:[\p{L}\p{N}_./,;!?()+=@%&*'"$<>-]|:(?=\S)|(?<! )#| (?=\S))*$/u;

/** Control characters, marks of direction, line ends of Unicode, halves of pairs: invisible, or not allowed in YAML. */
const INVISIBLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

const HEAD = '# Holds of this environment: why automatic bumps leave an image alone.';

/** Returns the first lines of a new hold file: what it is, and the schema for editors, by its path from the file. */
export function writeHead(file: string): string {
  const depth = posix.normalize(file).split('/').length - 1;
  const root = depth === 0 ? './' : '../'.repeat(depth);
  return `${HEAD}\n# yaml-language-server: $schema=${root}holds.schema.json\n`;
}

/** Returns a hold as an entry of the list, a field a line, with LF behind each. */
export function writeHold({ image, kind, reason, by, since, until, digest, source }: Hold): string {
  const fields = [
    `image: ${writeText(image)}`,
    `kind: ${kind}`,
    `reason: ${writeText(reason)}`,
    `by: ${writeText(by)}`,
    `since: ${writeMoment(since)}`,
    ...(until === undefined ? [] : [`until: ${writeMoment(until)}`]),
    ...(digest === undefined ? [] : [`digest: ${digest}`]),
    ...(source === undefined ? [] : [`source: ${source}`]),
  ];
  return `- ${fields.join('\n  ')}\n`;
}

function writeText(text: string): string {
  if (PLAIN.test(text) && !NOT_TEXT.test(text)) return text;
  return JSON.stringify(text).replace(INVISIBLE, (character) => {
    const code = character.codePointAt(0) ?? 0;
    const hex = code.toString(16);
    return code > 0xffff ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
  });
}

function writeMoment(moment: Date): string {
  return moment.toISOString().replace('.000Z', 'Z');
}
