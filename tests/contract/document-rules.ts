import { parse } from 'yaml';
import { z } from 'zod';

/** A fenced block of a document. */
export interface Snippet {
  /** As a reader finds it: `path:line` of the block's first line. */
  readonly place: string;
  readonly language: string;
  /** Without the indentation of the fence, which a block in a list has. */
  readonly text: string;
}

/** Returns the fenced blocks of a Markdown document that name a language. */
export function findSnippets(path: string, document: string): Snippet[] {
  return [...document.matchAll(/^( *)```(\w+)\n([\s\S]*?)^\1```$/gm)].map((match) => {
    const [, indent = '', language = '', text = ''] = match;
    const line = document.slice(0, match.index).split('\n').length + 1;
    return { place: `${path}:${line}`, language, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
  });
}

const step = z.looseObject({ uses: z.string().optional(), with: z.record(z.string(), z.unknown()).default({}) });
const steps = z.array(step).default([]);
const fragment = z.looseObject({
  steps,
  jobs: z.record(z.string(), z.looseObject({ steps })).default({}),
});

/** What an action's action.yml declares. */
export interface Declared {
  readonly inputs: Readonly<Record<string, { readonly required: boolean }>>;
}

/**
 * Returns what is wrong with a YAML block, one sentence each: it does not parse, or a step uses an action of this
 * repository that does not exist, gives it an input that it does not declare, or leaves out one that it requires.
 */
export function checkSnippet({ place, text }: Snippet, actions: ReadonlyMap<string, Declared>): string[] {
  const read = readYaml(text);
  if ('fault' in read) return [`${place}: ${read.fault}`];
  const parsed = fragment.safeParse(read.value);
  if (!parsed.success) return []; // a list, or another file than a workflow
  const all = [parsed.data, ...Object.values(parsed.data.jobs)].flatMap((job) => job.steps);
  return all.flatMap(({ uses = '', with: given }) => {
    const name = /^\.\/actions\/(.+)$/.exec(uses)?.[1];
    if (name === undefined) return [];
    const action = actions.get(name);
    if (action === undefined) return [`${place}: there is no action ${uses}`];
    return checkInputs(uses, Object.keys(given), action).map((fault) => `${place}: ${fault}`);
  });
}

function checkInputs(uses: string, given: readonly string[], { inputs }: Declared): string[] {
  const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
  return [
    ...given.filter((name) => !(name in inputs)).map((name) => `${uses} has no input ${name}`),
    ...required.filter((name) => !given.includes(name)).map((name) => `${uses} needs the input ${name}`),
  ];
}

function readYaml(text: string): { value: unknown } | { fault: string } {
  try {
    return { value: parse(text) };
  } catch (error) {
    return { fault: error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error) };
  }
}

/** Returns the scripts of package.json that a document names, as `npm run NAME` or `npm test`. */
export function findScripts(document: string): string[] {
  const named = [...document.matchAll(/\bnpm run (?:-s )?([a-z][\w:]*)/g)].map((match) => match[1] ?? '');
  return [...new Set(/\bnpm test\b/.test(document) ? ['test', ...named] : named)];
}

/** Phrases that a reader stumbles over; CONTRIBUTING.md asks for short sentences in the field's words. */
const PHRASES = /\b(stands? (for|above|there|twice)|nobody|whoever|anew|mend(s|ed)?|as far as|shall)\b/i;

/** Returns `path:line phrase` for each such phrase outside code and outside the tables that action.yml writes. */
export function findPhrases(path: string, document: string): string[] {
  const blank = (text: string): string => text.replaceAll(/[^\n]/g, ' ');
  const prose = document
    .replaceAll(/^ *```[\s\S]*?^ *```$/gm, blank)
    .replaceAll(/<!-- (\w+) -->[\s\S]*?<!-- \/\1 -->/g, blank)
    .replaceAll(/`[^`\n]*`/g, blank);
  return prose.split('\n').flatMap((line, index) => {
    const phrase = PHRASES.exec(line)?.[0];
    return phrase === undefined ? [] : [`${path}:${index + 1} ${phrase}`];
  });
}
