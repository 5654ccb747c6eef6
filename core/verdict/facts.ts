import type { Config, EnvironmentConfig } from '#core/config/config.ts';
import { readTime } from '#core/git/read.ts';
import type { Git } from '#core/git/repository.ts';
import { openFollowers } from '#core/manifests/applications-of.ts';
import type { BranchHistory, History } from '#core/release/history.ts';
import type { LandedRelease } from '#core/release/trailer.ts';
import { createLimit } from '#core/system/limit.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { type ListedStatus, readReports } from '#core/verdict/argocd-report.ts';
import type { ImageFacts, PlacedRelease } from '#core/verdict/decide.ts';
import type { ListStatuses } from '#core/verdict/listed-statuses.ts';

/** What facts are gathered from. */
export interface FactPorts {
  readonly git: Git;
  readonly history: History;
  readonly listStatuses: ListStatuses;
  readonly log: Log;
}

/** What is asked for. */
export interface FactQuery {
  readonly head: CommitSha;
  readonly config: Config;
  /** Login of the App that reports. */
  readonly app: string;
  /** The revision that is reported on; undefined looks at the newest releases alone. */
  readonly revision: CommitSha | undefined;
}

/** What is known of an image: releases, and reports on the commits that were looked at. */
export interface FoundFacts extends Pick<ImageFacts, 'releases' | 'others' | 'reports'> {
  /** Looks at more commits; those that are not on the branch's first-parent line, down to the releases, say nothing. */
  with(revisions: readonly string[]): Promise<FoundFacts>;
}

/** An environment's images with what is known of each. */
export interface EnvironmentFacts {
  readonly environment: EnvironmentConfig;
  readonly application: string;
  readonly images: ReadonlyMap<string, FoundFacts>;
}

/** Releases of an image that a run looks at: the newest, and those that it replaced a moment ago. */
const RELEASES = 3;
/** Argo CD reports on the revision that it synced: that of the release, or one that came soon after it or lately. */
const NEAR = 6;
/** Requests at a time: GitHub asks for few. */
const AT_ONCE = 6;

/** Reads releases from the branch, and what Argo CD said on the commits that hold them. */
export async function readFacts(query: FactQuery, ports: FactPorts): Promise<EnvironmentFacts[]> {
  const { head, config } = query;
  const branch = await ports.history.at(head);
  const environments = [...config.environments.values()];
  const places = environments.map(({ name, overlay }) => ({ environment: name, overlay }));
  const found = await branch.findReleases({ places, images: [...config.images.keys()], count: RELEASES });
  const findApplication = await openFollowers(ports.git, head);
  const revision = await placeRevision(query, branch, ports);
  const read = openReader(branch, ports);
  return Promise.all(
    environments.map(async (environment): Promise<EnvironmentFacts> => {
      const file = findApplication(environment.overlay);
      const application = file?.object.kind === 'Application' ? file.object.name : environment.name;
      const landed = new Map<string, PlacedRelease[]>();
      for (const image of config.images.keys())
        landed.set(image, await place(found.get(`${environment.name}/${image}`) ?? [], branch));
      const images = new Map<string, FoundFacts>();
      const look = openLook({ ...environment, application, app: query.app }, landed, { branch, read });
      for (const [image, releases] of landed) {
        if (releases.length === 0) continue;
        images.set(image, await look(image, [...entriesOf(releases), ...(revision === undefined ? [] : [revision])]));
      }
      return { environment, application, images };
    }),
  );
}

/** Opens what looks at commits of the branch for what was said there of one image of an environment. */
function openLook(
  { overlay, ...who }: { readonly overlay: string; readonly application: string; readonly app: string },
  landed: ReadonlyMap<string, readonly PlacedRelease[]>,
  { branch, read }: { readonly branch: BranchHistory; readonly read: Read },
) {
  const look = async (image: string, entries: readonly number[]): Promise<FoundFacts> => {
    const reports = await read([...new Set(entries)], who);
    const digestsAt = await branch.past.readDigests(new Map([[overlay, reports.map(({ revision }) => revision)]]));
    const held = ({ revision }: { revision: CommitSha }, name: string) => digestsAt(overlay, revision)?.get(name);
    const others = [...landed].flatMap(([name, list]) =>
      name === image
        ? []
        : [...list.map(({ entry }) => entry), ...findHands(list, reports, (report) => held(report, name))],
    );
    return {
      releases: landed.get(image) ?? [],
      others,
      reports: reports.map((report) => ({ ...report, digest: held(report, image) })),
      with: async (revisions) => {
        const commits: readonly string[] = await branch.line.commits();
        const more = revisions.map((revision) => commits.indexOf(revision)).filter((entry) => entry !== -1);
        return look(image, [...entries, ...more]);
      },
    };
  };
  return look;
}

/** Returns the places of reports on revisions at which the overlay says another digest than the release that it holds. */
function findHands(
  releases: readonly PlacedRelease[],
  reports: ImageFacts['reports'],
  heldAt: (report: ImageFacts['reports'][number]) => Digest | undefined,
): number[] {
  const isHand = (report: ImageFacts['reports'][number]): boolean => {
    const holding = releases.find(({ entry }) => entry >= report.entry);
    const digest = heldAt(report);
    return holding !== undefined && digest !== undefined && digest !== holding.to;
  };
  return reports.filter(isHand).map(({ entry }) => entry);
}

/** Returns the place of the reported revision on the branch; a commit elsewhere says nothing of its releases. */
async function placeRevision(
  { revision }: FactQuery,
  { line }: BranchHistory,
  { log }: FactPorts,
): Promise<number | undefined> {
  if (revision === undefined) return undefined;
  if (await line.contains(revision)) {
    const [entry] = await line.findEntries([revision]);
    if (entry !== undefined && (await line.commits())[entry] === revision) return entry;
  }
  log.info(`${revision.slice(0, 7)} is not on the branch's first-parent line: what is said there is not looked at`);
  return undefined;
}

async function place(releases: readonly LandedRelease[], { line }: BranchHistory): Promise<PlacedRelease[]> {
  const entries = await line.findEntries(releases.map(({ commit }) => commit));
  const commits = await line.commits();
  return Promise.all(
    releases.map(async (release, index): Promise<PlacedRelease> => {
      const entry = entries[index] ?? 0;
      const [landing] = await line.find([commits[entry] ?? release.commit]);
      return { ...release, entry, landedAt: landing === undefined ? new Date(0) : readTime(landing) };
    }),
  );
}

/** Of each release: the commits that hold it, those next to its landing and the newest; the rest is not asked for. */
function entriesOf(releases: readonly PlacedRelease[]): number[] {
  return releases.flatMap(({ entry }, index) => {
    const newest = (releases[index - 1]?.entry ?? -1) + 1;
    const all = Array.from({ length: Math.max(0, entry - newest + 1) }, (_, at) => newest + at);
    return [...all.slice(0, NEAR), ...all.slice(-NEAR)];
  });
}

type Reports = ImageFacts['reports'];
type Read = (entries: readonly number[], who: { application: string; app: string }) => Promise<Reports>;

function openReader({ line }: BranchHistory, { listStatuses }: FactPorts): Read {
  const known = new Map<number, Promise<readonly ListedStatus[]>>();
  const limit = createLimit(AT_ONCE);
  return async (entries, who) => {
    const commits = await line.commits();
    const lists = entries.map(async (entry): Promise<Reports> => {
      const revision = commits[entry];
      if (revision === undefined) return [];
      const listing = known.get(entry) ?? limit(() => listStatuses(revision));
      known.set(entry, listing);
      return readReports(await listing, { ...who, revision }).map((report) => ({ ...report, entry }));
    });
    return (await Promise.all(lists)).flat();
  };
}
