import type { Entry as ObjectEntry, Report } from '#core/manifests/report.ts';
import { escapeMarkdown, htmlCode, showCount } from '#core/values/markdown.ts';
import { joinWords } from '#core/values/words.ts';
import { type Outline, showName } from './outline.ts';
import type { Entry, Section, StackPart } from './page.ts';
import { countWord, SECTIONS, type SectionKind } from './words.ts';

/** The section of each group of a report. */
const KINDS: Readonly<Record<ObjectEntry['group'], SectionKind>> = {
  error: 'error',
  remove: 'removal',
  restart: 'restart',
  change: 'change',
  add: 'addition',
  application: 'application',
};
/** Environments that a verdict names. */
const MOST_NAMED = 3;

/** Returns what a page says of the manifests of environments. */
export function outlineManifests(reports: readonly Report[]): Outline {
  const changed = reports.filter(({ entries }) => entries.length > 0);
  const isOne = reports.length === 1;
  return {
    verdict: describeVerdict(reports, changed),
    top: [...new Set(reports.flatMap(({ notes }) => notes))].map((note) => {
      const names = reports.filter(({ notes }) => notes.includes(note)).map(({ name }) => showName(name));
      return `${names.length === reports.length ? '' : `${joinWords(names)}: `}${escapeMarkdown(note)}`;
    }),
    folds: changed.map((report): StackPart => {
      const sections = listSections(report);
      return {
        heading: `### Manifests${isOne ? ` of ${showName(report.name)}` : ''}`,
        summary: isOne ? undefined : `<b>${htmlCode(report.name)}</b> ${countSections(sections)}`,
        isOpen: sections.some(({ kind }) => kind === 'error' || kind === 'removal'),
        sections,
      };
    }),
  };
}

function describeVerdict(reports: readonly Report[], changed: readonly Report[]): string {
  if (changed.length === 0) return 'the manifests stay as they are';
  if (changed.length > MOST_NAMED)
    return `the manifests of ${showCount(changed.length)} of ${showCount(reports.length)} environments change`;
  return joinWords(changed.map((report) => `${showName(report.name)} has ${countSections(listSections(report))}`));
}

function countSections(sections: readonly Section[]): string {
  return joinWords(sections.map(({ kind, entries }) => countWord(kind, entries.length)));
}

function listSections({ entries }: Report): Section[] {
  return SECTIONS.flatMap((kind) => {
    const own = entries.filter(({ group }) => KINDS[group] === kind);
    return own.length === 0 ? [] : [{ kind, entries: own.map(showEntry) }];
  });
}

function showEntry({ label, note, diff }: ObjectEntry): Entry {
  return {
    type: label.split('/')[0] ?? label,
    head: () => `${htmlCode(label)}: ${escapeMarkdown(note)}`,
    body: () => (diff === '' ? [] : diff.split('\n')),
  };
}
