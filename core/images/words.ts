import type { Group, ImageEntry, ImagesReport, Target } from '#core/images/report.ts';
import { showCount } from '#core/values/markdown.ts';

/** A piece of a sentence: our own words, or what a file of the change says, which may be anything. */
export type Piece = string | { readonly foreign: string };

/** What happens to an image, in a word before its name. */
export const WORDS: Readonly<Record<Group, string>> = {
  error: 'fails',
  remove: 'removed',
  build: 'built',
  change: 'changes',
  found: 'found',
};

/** Causes that a sentence names. */
const MOST_NAMED = 4;

/** Returns what happens to an image, each sentence as its pieces. */
export function describeImage(entry: ImageEntry): Piece[][] {
  const { group, why, causes, isNew, rebuildsDependencies, digest, unpinned } = entry;
  if (group === 'error') return [[{ foreign: why }]];
  const base = unpinned && { foreign: unpinned.written };
  const place = unpinned && { foreign: `${unpinned.file}:${unpinned.line}` };
  return [
    ...(group === 'remove' ? [['It is no longer in slipway.yaml: nothing builds it any more.']] : []),
    ...(isNew ? [['It is new in slipway.yaml.']] : []),
    ...(causes.length === 0 && !isNew && group !== 'remove' ? [['It could not be built before.']] : []),
    ...(causes.length === 0 ? [] : [[...list(causes), causes.length === 1 ? ' changes.' : ' change.']]),
    ...(digest === ''
      ? []
      : [['The registry has a build of the same inputs: ', { foreign: digest.slice(0, 19) }, '.']]),
    ...(rebuildsDependencies ? [['Its dependency layer is built again.']] : []),
    ...(base === null || place === null
      ? []
      : [['Its base image ', base, ' is not pinned by a digest (', place, '): a build takes what is there then.']]),
    ...describeTargets(entry),
  ];
}

function list(names: readonly string[]): Piece[] {
  const more = names.length - MOST_NAMED;
  const shown: Piece[] = names.slice(0, MOST_NAMED).map((name) => ({ foreign: name }));
  const all = more > 0 ? [...shown, `${showCount(more)} more`] : shown;
  return all.flatMap((piece, at) => {
    if (at === 0) return [piece];
    return [at === all.length - 1 ? ' and ' : ', ', piece];
  });
}

function describeTargets({ group, environments }: ImageEntry): Piece[][] {
  const of = (outcome: Target['outcome']): string[] =>
    environments.filter((one) => one.outcome === outcome).map(({ environment }) => environment);
  const [deploys, there, left] = [of('deploys'), of('there'), of('left')];
  const staying = environments.filter(({ why }) => why !== '');
  const isBuilt = group !== 'remove';
  return [
    ...(deploys.length === 0 ? [] : [['The merge deploys it to ', ...list(deploys), '.']]),
    ...(there.length === 0 ? [] : [[...list(there), there.length === 1 ? ' runs it already.' : ' run it already.']]),
    ...staying.map(({ environment, outcome, why }): Piece[] => [
      { foreign: environment },
      outcome === 'refused' ? ' cannot take it: ' : ` stays as it is, ${outcome}: `,
      { foreign: why },
      '.',
    ]),
    ...(left.length === 0
      ? []
      : [[...list(left), left.length === 1 ? ' still names it' : ' still name it', ', and keeps what is there.']]),
    ...(isBuilt && environments.length === 0 ? [['No environment that deploys on push names it.']] : []),
  ];
}

/** Returns what a reader must know before the rest, each as the pieces of a sentence. */
export function describeNotes({ notAsked, baseFault }: ImagesReport): Piece[][] {
  return [
    ...(notAsked === ''
      ? []
      : [['What the registry has already is not known: ', { foreign: notAsked }, '.'] satisfies Piece[]]),
    ...(baseFault === ''
      ? []
      : [
          [
            'slipway.yaml could not be read before the change, so the images are compared as it names them now: ',
            { foreign: baseFault },
            '.',
          ] satisfies Piece[],
        ]),
  ];
}

/** Returns a sentence as plain text. */
export function toText(pieces: readonly Piece[]): string {
  return pieces.map((piece) => (typeof piece === 'string' ? piece : piece.foreign)).join('');
}
