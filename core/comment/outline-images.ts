import type { Group, ImageEntry, ImagesReport } from '#core/images/report.ts';
import { describeImage, describeNotes, type Piece } from '#core/images/words.ts';
import { htmlCode, inlineCode, showInvisible } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import type { Outline } from './outline.ts';
import type { Entry, Section } from './page.ts';
import { countWord, SECTIONS, type SectionKind } from './words.ts';

/** The section of each group of a report. */
const KINDS: Readonly<Record<Group, SectionKind>> = {
  error: 'image-error',
  remove: 'image-removal',
  build: 'image-build',
  change: 'image-change',
  found: 'image-found',
};
/** Characters of a text of the change that are shown. */
const LONGEST = 300;

/** Returns what a page says of the images. */
export function outlineImages(reports: readonly ImagesReport[]): Outline {
  const sections = listSections(reports.flatMap(({ entries }) => entries));
  const verdict = joinWords(sections.map(({ kind, entries }) => countWord(kind, entries.length)));
  return {
    verdict: verdict || 'no image changes',
    top: reports.flatMap(describeNotes).map((pieces) => showPieces(pieces, (text) => inlineCode(showInvisible(text)))),
    folds: sections.length === 0 ? [] : [{ heading: '### Images', summary: undefined, isOpen: true, sections }],
  };
}

function listSections(entries: readonly ImageEntry[]): Section[] {
  return SECTIONS.flatMap((kind) => {
    const own = entries.filter(({ group }) => KINDS[group] === kind);
    return own.length === 0 ? [] : [{ kind, entries: own.map(showEntry) }];
  });
}

function showEntry(entry: ImageEntry): Entry {
  const sentences = describeImage(entry).map((pieces) => showPieces(pieces, htmlCode));
  return {
    type: 'image',
    head: () => `${htmlCode(entry.image)}: ${sentences.join(' ')}`,
    body: () => [],
  };
}

/** Our words as they are, all else as code: neither markup nor a mention begins there. */
function showPieces(pieces: readonly Piece[], show: (text: string) => string): string {
  return pieces
    .map((piece) => (typeof piece === 'string' ? piece : show(clip(piece.foreign.replace(/\s+/g, ' ')))))
    .join('');
}

function clip(text: string): string {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
