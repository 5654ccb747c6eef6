import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import * as z from 'zod';
import { parseCommitSha, parseDigest } from '#core/values/reference.ts';
import { type ListedStatus, readReports } from '#core/verdict/argocd-report.ts';
import { judgeReleases, type PlacedReport } from '#core/verdict/decide.ts';
import { release } from '#core/verdict/tests/said.ts';

/** What lab/notifications.long.ts leaves: the statuses that Argo CD's own notification controller wrote, and the truth. */
const trace = z.object({
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

const folder = join(import.meta.dirname, 'traces');
const files = readdirSync(folder);
const read = (file: string) => trace.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));
const MINUTE = 60_000;

/** Judges the commits' releases some minutes after the last of them; returns verdict and word of each, by commit. */
function judgeTrace({ application, app, git, statuses }: z.output<typeof trace>, minutes: number) {
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
  return new Map(newestFirst.map(({ name }, index) => [name, judged[index]]));
}

describe('what the real controller wrote in each situation is judged by its truth', () => {
  test('all sixteen situations are here', () => {
    const numbers = new Set(files.map((file) => file.slice(0, 2)));
    expect([...numbers].sort()).toEqual(Array.from({ length: 16 }, (_one, at) => String(at + 1).padStart(2, '0')));
  });

  test.each(files)('%s', (file) => {
    const { words, ...rest } = read(file);
    expect(Object.keys(words).length).toBeGreaterThan(0);
    for (const [commit, text] of Object.entries(words)) {
      const [, inTime = '', late = inTime] = /^([^(]+?)(?: \((.+)\))?$/.exec(text) ?? [];
      for (const [minutes, truth] of [
        [2, inTime],
        [20, late],
      ] as const) {
        const judgement = judgeTrace({ words, ...rest }, minutes).get(commit);
        expect([commit, minutes, judgement?.verdict, judgement?.word]).toContain(truth);
        expect([commit, minutes, judgement?.verdict === 'running']).toEqual([commit, minutes, truth === 'running']);
      }
    }
  });
});
