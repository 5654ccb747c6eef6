import { readConfig } from '#core/config/read.ts';
import { releaseKey } from '#core/release/believe.ts';
import type { BranchHistory } from '#core/release/history.ts';
import type { ImageHistory } from '#core/release/order.ts';
import type { ReleasePlace } from '#core/release/past.ts';
import { type InputSettings, listInputPaths, readImageInputs } from '#core/source/image-inputs.ts';
import { isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** Reads what past commits of one branch hold for images; each commit is read once, whatever asks. */
export interface InputReader {
  /** Returns the image's input hash at a commit; undefined where slipway.yaml or the image cannot be read there. */
  inputsAt(image: string, commit: CommitSha): Promise<string | undefined>;
  /** Returns the image's settings at a commit; undefined where they cannot be read. */
  settingsAt(image: string, commit: CommitSha): Promise<InputSettings | undefined>;
}

/** Opens the reader; `config` is slipway.yaml's path. */
export function openInputReader({ past }: BranchHistory, config: string): InputReader {
  const settings = new Map<CommitSha, Promise<ReadonlyMap<string, InputSettings>>>();
  const hashes = new Map<string, Promise<string | undefined>>();
  const read = (commit: CommitSha) => {
    const reading = settings.get(commit) ?? readSettings(commit);
    settings.set(commit, reading);
    return reading;
  };
  const readSettings = async (commit: CommitSha): Promise<ReadonlyMap<string, InputSettings>> => {
    const source = await past.open(commit);
    return (await orUndefined(readConfig(source, config)))?.images ?? new Map();
  };
  const readHash = async (image: string, commit: CommitSha): Promise<string | undefined> => {
    const found = (await read(commit)).get(image);
    if (found === undefined) return undefined;
    return (await orUndefined(readImageInputs(found, await past.open(commit))))?.inputHash;
  };
  return {
    settingsAt: async (image, commit) => (await read(commit)).get(image),
    inputsAt: (image, commit) => {
      const key = `${commit} ${image}`;
      const reading = hashes.get(key) ?? readHash(image, commit);
      hashes.set(key, reading);
      return reading;
    },
  };
}

/** A past commit that cannot be read is an answer, not a fault of this run. */
async function orUndefined<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isExpected(error)) return undefined;
    throw error;
  }
}

/** Returns what the order of one image's builds in one environment is read from. */
export function openImageHistory(
  history: BranchHistory,
  inputs: InputReader,
  place: ReleasePlace,
  image: string,
  config: string,
): ImageHistory {
  return {
    inputsAt: (commit) => inputs.inputsAt(image, commit),
    releases: async (count) => {
      const found = await history.findReleases({ places: [place], images: [image], count });
      return found.get(releaseKey(place.environment, image)) ?? [];
    },
    changesAfter: async (source, like) => {
      const settings = await inputs.settingsAt(image, like);
      const entry = await history.line.findEntry(source);
      const later = new Set((await history.line.commits()).slice(0, entry + 1).filter((commit) => commit !== source));
      if (settings === undefined || later.size === 0) return [];
      const paths = [config, ...listInputPaths(settings)];
      const touching = await history.past.listTouching(source, history.line.head, later.size, paths);
      return touching.filter((commit) => later.has(commit));
    },
  };
}
