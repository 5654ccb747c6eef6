import * as z from 'zod';
import { parseCommitSha, parseDigest } from '#core/values/reference.ts';
import { type ListedStatus, readReports } from '#core/verdict/argocd-report.ts';
import { type Judgement, judgeReleases, type PlacedReport } from '#core/verdict/decide.ts';
import { release } from '#core/verdict/tests/said.ts';

/** What lab/notifications.long.ts leaves: the statuses that Argo CD's own notification controller wrote, and the truth. */
export const trace = z.object({
  application: z.string(),
  app: z.string(),
  git: z.array(z.object({ name: z.string(), sha: z.string(), digest: z.string() })),
  statuses: z.array(
    z.object({
      id: z.number(),
      sha: z.string(),
      state: z.enum(['error', 'failure', 'pending', 'success']),
      context: z.string(),
      description: z.string(),
      target_url: z.string(),
      creator: z.object({ login: z.string() }),
      created_at: z.coerce.date(),
    }),
  ),
  /** By commit, what is proven in time, and in brackets past the deadline where that differs. */
  words: z.record(z.string(), z.string()),
});
export type Trace = z.output<typeof trace>;

const MINUTE = 60_000;

/** Judges the commits' releases some minutes after the last of them; returns verdict and word of each, by commit. */
function judgeTrace({ application, app, git, statuses }: Trace, minutes: number): ReadonlyMap<string, Judgement> {
  const newestFirst = git.toReversed();
  const landed = Date.UTC(2026, 10, 27, 16);
  const releases = newestFirst.map(({ sha, digest }, entry) =>
    release('d', entry, {
      to: parseDigest('digest', digest),
      commit: parseCommitSha('commit', sha),
      landedAt: new Date(landed - entry * MINUTE),
    }),
  );
  const reports = statuses.flatMap(({ sha, target_url: url, creator, created_at: at, ...status }): PlacedReport[] => {
    const entry = newestFirst.findIndex((one) => one.sha === sha);
    const listed: ListedStatus = { ...status, url, creator: creator.login, at };
    const revision = parseCommitSha('revision', sha);
    const digest = parseDigest('digest', newestFirst[entry]?.digest ?? '');
    return readReports([listed], { application, app, revision }).map((one) => ({ ...one, entry, digest }));
  });
  const now = new Date(landed + minutes * MINUTE);
  const judged = judgeReleases({ releases, others: [], reports, now, deadlineMs: 15 * MINUTE });
  return new Map(newestFirst.flatMap(({ name }, index) => (judged[index] ? [[name, judged[index]]] : [])));
}

/** Returns, in time and past the deadline, what is judged otherwise than by the trace's words; `running` must be said of nothing else. */
export function listUntruths(traced: Trace): string[] {
  return Object.entries(traced.words).flatMap(([commit, text]) => {
    const [, inTime = '', late = inTime] = /^([^(]+?)(?: \((.+)\))?$/.exec(text) ?? [];
    const moments = [
      [2, inTime],
      [20, late],
    ] as const;
    return moments.flatMap(([minutes, truth]) => {
      const { verdict, word } = judgeTrace(traced, minutes).get(commit) ?? {};
      const isTrue = (verdict === truth || word === truth) && (verdict === 'running') === (truth === 'running');
      return isTrue ? [] : [`${commit} after ${minutes} minutes is ${truth}, and is judged ${verdict} (${word})`];
    });
  });
}
