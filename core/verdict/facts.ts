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

/** What is recorded already of a release. */
export interface Known {
  /** It was seen running, or to fail. */
  readonly isProven: boolean;
  /** The same, and a newer one took its place since. */
  readonly isSettled: boolean;
  /** The commit whose report was the first to say so; undefined where none did. */
  readonly decidedAt: string | undefined;
}

/** What git knows of an image, and where to ask what Argo CD said of it. */
export interface FoundImage {
  /** Newest first. */
  readonly releases: readonly PlacedRelease[];
  /**
   * Reads the reports on the releases, of which `known` is recorded, in their order: on the commits next to the landing of
   * each, on the newest that hold it, and on the one that decided. Once the newest release is proven, nothing is read of a
   * settled one, unless the reported revision holds it.
   */
  look(known: readonly Known[]): Promise<Pick<ImageFacts, 'releases' | 'others' | 'reports'>>;
}

/** An environment's images with what is known of each. */
export interface EnvironmentFacts {
  readonly environment: EnvironmentConfig;
  readonly application: string;
  readonly images: ReadonlyMap<string, FoundImage>;
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
      const application = findApplication(environment.overlay)?.name ?? environment.name;
      const landed = new Map<string, PlacedRelease[]>();
      for (const image of config.images.keys())
        landed.set(image, await place(found.get(`${environment.name}/${image}`) ?? [], branch));
      const look = openLook({ ...environment, application, app: query.app }, landed, { branch, read });
      const images = [...landed].flatMap(([image, releases]): [string, FoundImage][] => {
        if (releases.length === 0) return [];
        return [[image, { releases, look: (known) => look(image, known, revision) }]];
      });
      return { environment, application, images: new Map(images) };
    }),
  );
}

/** Opens what looks at commits of the branch for what was said there of one image of an environment. */
function openLook(
  { overlay, ...who }: { readonly overlay: string; readonly application: string; readonly app: string },
  landed: ReadonlyMap<string, readonly PlacedRelease[]>,
  { branch, read }: { readonly branch: BranchHistory; readonly read: Read },
) {
  return async (
    image: string,
    known: readonly Known[],
    revision: number | undefined,
  ): ReturnType<FoundImage['look']> => {
    const releases = landed.get(image) ?? [];
    const entries = entriesOf(releases, { known, revision, commits: await branch.line.commits() });
    const reports = await read([...new Set(entries)], who);
    const digestsAt = await branch.past.readDigests(new Map([[overlay, reports.map((report) => report.revision)]]));
    const held = ({ revision: at }: { revision: CommitSha }, name: string) => digestsAt(overlay, at)?.get(name);
    const others = [...landed].flatMap(([name, list]) =>
      name === image
        ? []
        : [...list.map(({ entry }) => entry), ...findHands(list, reports, (report) => held(report, name))],
    );
    return { releases, others, reports: reports.map((report) => ({ ...report, digest: held(report, image) })) };
  };
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

interface Given {
  readonly known: readonly Known[];
  readonly revision: number | undefined;
  readonly commits: readonly string[];
}

/** Returns the places of the commits that are looked at: see {@link FoundImage.look}. */
function entriesOf(releases: readonly PlacedRelease[], { known, revision, commits }: Given): number[] {
  const entries = releases.flatMap(({ entry }, index) => {
    const newest = (releases[index - 1]?.entry ?? -1) + 1;
    const isReported = revision !== undefined && revision >= newest && revision <= entry;
    // manifests that cannot be rendered are reported on the revision before: where the newest is open, the others count
    if (index > 0 && known[0]?.isProven === true && known[index]?.isSettled === true && !isReported) return [];
    const decidedAt = known[index]?.decidedAt;
    const all = Array.from({ length: Math.max(0, entry - newest + 1) }, (_, at) => newest + at);
    const deciding = decidedAt === undefined ? -1 : commits.indexOf(decidedAt);
    return [...all.slice(0, NEAR), ...all.slice(-NEAR), ...(deciding === -1 ? [] : [deciding])];
  });
  return revision === undefined ? entries : [...entries, revision];
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
