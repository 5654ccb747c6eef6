import { releaseKey } from '#core/release/believe.ts';
import type { BranchHistory } from '#core/release/history.ts';
import { toMinute } from '#core/release/rules.ts';
import { isBrief, type ReleaseSet } from '#core/release/sets.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import type { Log } from '#core/system/log.ts';
import { describeError, isExpected } from '#core/values/errors.ts';
import type { Verdict, Verdicts } from '#core/verdict/proven.ts';

/** What asking for verdicts needs from the world. */
export interface VerdictPorts {
  /** Undefined where there is no GitHub to ask. */
  readonly verdicts?: Verdicts;
  readonly log: Log;
}

/** What is proven of sets and releases. Undefined where it could not be asked. */
export interface Proof {
  ofSet(set: ReleaseSet): Promise<Verdict | undefined>;
  of(release: LandedRelease): Promise<Verdict | undefined>;
  /** Why nothing is known, where GitHub did not answer, or there is none; undefined while it answers. */
  silence(): string | undefined;
}

/** Opens the question what is proven. The first answer that does not come ends the asking, with a warning. */
export function openProof({ verdicts, log }: VerdictPorts): Proof {
  let silence = verdicts === undefined ? 'GitHub was not asked: there is no token, or no API' : undefined;
  const known = new Map<string, Promise<Verdict | undefined>>();
  const fall = (reason: string): undefined => {
    if (silence === undefined) log.warn(`What runs is not known: ${reason}`);
    silence ??= reason;
  };
  const ask = async (release: LandedRelease): Promise<Verdict | undefined> => {
    if (verdicts === undefined || silence !== undefined) return undefined;
    return verdicts.of(toJudged(release)).catch((error: unknown) => {
      if (!isExpected(error)) throw error;
      return fall(describeError(error));
    });
  };
  const of: Proof['of'] = (release) => {
    const key = `${release.environment}/${release.image} ${release.intent} ${release.to}`;
    const answer = known.get(key) ?? ask(release);
    known.set(key, answer);
    return answer;
  };
  return { of, ofSet: (set) => judgeSet(set, of), silence: () => silence };
}

/** Returns a release as it is asked about. */
function toJudged({ environment, image, intent, source, to }: LandedRelease) {
  return { environment, image, intent, source, digest: to };
}

/** The worst word first: a set runs where all of it does. */
const WORST = ['failed', 'unknown', 'pending', 'none'] as const;

/** A set was seen running where everything that one of its landings brought was; else its newest landing says what it is. */
async function judgeSet({ runs }: ReleaseSet, of: Proof['of']): Promise<Verdict | undefined> {
  let newest: Verdict | undefined;
  for (const { releases } of [...runs].reverse()) {
    const verdicts = (await Promise.all(releases.map(of))).filter((one) => one !== undefined);
    if (verdicts.length < releases.length) return undefined;
    const worst = WORST.map((word) => verdicts.find((one) => one.word === word)).find((one) => one !== undefined);
    if (worst === undefined) return verdicts[0];
    newest ??= worst;
  }
  return newest;
}

/** How many sets are looked at to find out whether verdicts exist at all. */
const MOST_LOOKED_AT = 3;

/**
 * Returns the steps without the sets that were replaced within a minute and never seen running: no one would go back to
 * them. Where no verdict was ever written, all of them count.
 */
export async function dropUnseen(steps: readonly ReleaseSet[], proof: Proof): Promise<readonly ReleaseSet[]> {
  if (!steps.some(isBrief)) return steps;
  const others = steps.filter((set) => !isBrief(set)).slice(0, MOST_LOOKED_AT);
  const isIn = await Promise.all(others.map((set) => proof.ofSet(set)));
  const exist = isIn.some((verdict) => verdict !== undefined && verdict.word !== 'none');
  const judged = await Promise.all(
    steps.map(async (set) => {
      if (!isBrief(set)) return true;
      const word = (await proof.ofSet(set))?.word;
      return word === undefined || word === 'running' || (word === 'none' && !exist);
    }),
  );
  return steps.filter((_set, index) => judged[index]);
}

/** Returns the nearest of the steps that was seen running, asked one after the other. */
export async function findSeenRunning(steps: readonly ReleaseSet[], proof: Proof): Promise<ReleaseSet | undefined> {
  for (const set of steps) if ((await proof.ofSet(set))?.word === 'running') return set;
  return undefined;
}

/** How many older releases of an image are asked about where the one in question has no verdict. */
const MOST_OLDER = 3;

/** True where one of the three releases of the image before this one has a verdict: then this one is to have one as well. */
export async function hadVerdict(
  { environment, image, commit }: LandedRelease,
  overlay: string,
  branch: BranchHistory,
  proof: Proof,
): Promise<boolean> {
  const found = await branch.findReleases({
    places: [{ environment, overlay }],
    images: [image],
    count: MOST_OLDER + 1,
  });
  const older = (found.get(releaseKey(environment, image)) ?? []).filter((one) => one.commit !== commit);
  for (const one of older) {
    const word = (await proof.of(one))?.word;
    if (word !== undefined && word !== 'none') return true;
  }
  return false;
}

/** Returns a verdict as a person reads it on one line: its word, since when, and what was said, which is text from outside. */
export function describeVerdict({ word, said, at }: Verdict): string {
  const since = at === undefined || Number.isNaN(Date.parse(at)) ? '' : `, ${toMinute(new Date(at))}`;
  const words = said
    .replace(/[\s\p{C}]+/gu, ' ')
    .trim()
    .replace(/^(running|failed|unknown|pending): /i, ''); // the record repeats the word
  const cut = words.length > MOST_SAID ? `${words.slice(0, MOST_SAID)}…` : words;
  return `${word}${since}${cut === '' ? '' : `: ${cut}`}`;
}

const MOST_SAID = 140;
