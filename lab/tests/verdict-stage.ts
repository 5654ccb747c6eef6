import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import type { World } from '#lab/world.ts';

/** A release that landed in staging. */
export interface Landed {
  /** The commit that it was built from. */
  readonly source: string;
  /** The first commit that has its digest in the overlay. */
  readonly revision: string;
  readonly digest: string;
  /** The digest's first 12 digits, as Argo CD's reports have them. */
  readonly digits: string;
}

/** What scenarios of the verdict do and see in staging. */
export interface VerdictStage {
  /** Pushes a change of the bot and resolves when the release of it has landed. */
  release(text: string, change?: (server: string) => string): Promise<Landed>;
  /** Resolves with the newest verdict on the release's source commit, once it is of this state. */
  untilJudged(landed: Landed, state: StatusRecord['state']): Promise<StatusRecord>;
  /** Resolves with a report of Argo CD on staging. */
  untilSaid(what: string, fits: (status: StatusRecord) => boolean): Promise<StatusRecord>;
  /** What Argo CD said on the release's own commit, oldest first. */
  saidOn(landed: Landed): StatusRecord[];
}

const WITHIN_MS = 180_000;

/** Opens the stage over a world with a cluster. */
export function openVerdictStage(world: World): VerdictStage {
  const statuses = (): readonly StatusRecord[] => world.github.rest.statuses;
  return {
    release: async (text, change = (server) => `${server}\n// ${text}\n`) => {
      const { sha: source } = await world.push({ files: { 'app/src/server.ts': change }, message: text });
      const find = async () =>
        (await world.releases()).find(
          ({ environment, image, source: of }) => environment === 'staging' && image === 'discord-bot' && of === source,
        );
      const { to } = await world.until(`the release of ${text}`, find, WITHIN_MS);
      const revision = (await commitsWith(world, to)).at(-1) ?? '';
      return { source, revision, digest: to, digits: to.slice('sha256:'.length, 'sha256:'.length + 12) };
    },
    untilJudged: ({ source }, state) =>
      world.until(
        `the verdict of ${source.slice(0, 7)} is ${state}`,
        () => {
          const last = statuses().findLast(
            ({ sha, context }) => sha === source && context === 'slipway/staging/discord-bot',
          );
          return last?.state === state ? last : undefined;
        },
        WITHIN_MS,
      ),
    untilSaid: (what, fits) =>
      world.until(
        what,
        () => statuses().find((status) => status.context.startsWith('argocd/staging') && fits(status)),
        WITHIN_MS,
      ),
    saidOn: ({ revision }) => statuses().filter(({ sha, context }) => sha === revision && context === 'argocd/staging'),
  };
}

/** Returns the commits whose staging overlay has a digest, newest first. */
export async function commitsWith({ github, lab }: World, digest: string): Promise<string[]> {
  const git = ['git', '-C', github.bareRepository] as const;
  const { stdout } = await lab.exec([...git, 'log', '--format=%H', 'main']);
  const found: string[] = [];
  for (const sha of stdout.toString().split('\n').filter(Boolean)) {
    const shown = await lab.exec([...git, 'show', `${sha}:overlays/staging/kustomization.yaml`]);
    if (shown.stdout.toString().includes(digest)) found.push(sha);
  }
  return found;
}
