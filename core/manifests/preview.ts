import { fetchTrees, findCommonCommit } from '#core/git/common-commit.ts';
import type { Git } from '#core/git/repository.ts';
import { compareApplications } from '#core/manifests/compare-applications.ts';
import { previewEnvironment } from '#core/manifests/environment.ts';
import type { SchemaCheck } from '#core/manifests/kubeconform.ts';
import { createReport, GROUPS, type Report } from '#core/manifests/report.ts';
import { findReached, readSides } from '#core/manifests/sides.ts';
import { findKustomize } from '#core/overlay/kustomization/render.ts';
import type { RenderPorts } from '#core/overlay/render-at.ts';
import { createLimit } from '#core/system/limit.ts';
import type { Log } from '#core/system/log.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What is compared. */
export interface PreviewRequest {
  /** The commit that the change goes to, such as a branch's newest: compared is what it has in common with the head. */
  readonly base: CommitSha;
  readonly head: CommitSha;
  /** slipway.yaml's path. */
  readonly config: string;
}

/** What a preview needs from the world. */
export interface PreviewPorts extends RenderPorts {
  /** A repository for commits alone. */
  readonly commits: Git;
  /** Undefined where nothing is checked. */
  readonly check: SchemaCheck | undefined;
  readonly log: Log;
}

/** What merging a change would do to what the overlays render. */
export interface Preview {
  /** The commit that was compared with. */
  readonly base: CommitSha;
  readonly head: CommitSha;
  /** Of each environment that the change can reach, by name; one of Applications that follow none of them. */
  readonly reports: readonly Report[];
  /** The environments of slipway.yaml at the head. */
  readonly environments: readonly string[];
}

/** Overlays that are rendered at the same time. */
const AT_A_TIME = 4;

/** Renders the overlays that a change can reach, before and after it, and compares them by object. Nothing is written. */
export async function previewOverlays(request: PreviewRequest, ports: PreviewPorts): Promise<Preview> {
  const { git, log } = ports;
  const { head, config } = request;
  const kustomize = findKustomize(ports.exec); // at the same time as git works
  kustomize.catch(() => {}); // awaited where something is rendered
  const base = await findCommonCommit(request.base, head, ports);
  await fetchTrees(git, [base, head]);
  const sides = await readSides(git, { base, head, config });
  log.info(`${sides.paths.length} files differ between ${base.slice(0, 7)} and ${head.slice(0, 7)}`);
  const reached = findReached(sides);
  const all = [...sides.head.environments.keys()];
  log.info(
    `the change can reach ${reached.length} of ${all.length} environments: ${reached.map(({ name }) => name).join(', ') || 'none'}`,
  );
  const limit = createLimit(AT_A_TIME);
  const rendered = await Promise.all(
    reached.map((one) =>
      limit(async () => {
        const { notes, entries } = await previewEnvironment(one, sides, {
          ...ports,
          kustomize: await kustomize,
        });
        log.info(`${one.name}: ${entries.length} objects differ`);
        return { name: one.name, notes, entries };
      }),
    ),
  );
  const reports = compareApplications(sides, rendered);
  return {
    base,
    head,
    environments: all,
    reports: reports.map(({ name, notes, entries }) => createReport({ name, base, head, notes: [...notes] }, entries)),
  };
}

/** Returns how many entries each group has in all reports together. */
export function sumCounts(reports: readonly Report[]): Report['counts'] {
  const sums = GROUPS.map((group) => [group, reports.reduce((sum, { counts }) => sum + counts[group], 0)]);
  return Object.fromEntries(sums) as Report['counts']; // each group is a key
}
