import { z } from 'zod';
import type { GitHubApi } from '#core/git/github-api.ts';
import { Refusal } from '#core/values/errors.ts';
import type { JudgedRelease, Verdict, Verdicts } from '#core/verdict/proven.ts';
import { parsePayload, RECORD_WRITER, taskOf } from '#core/verdict/record-format.ts';

const PAGE_SIZE = 100;
const MOST_PAGES = 10;

const writer = z.object({ id: z.number() }).nullish();
const deployment = z.object({
  id: z.number(),
  sha: z.string(),
  environment: z.string(),
  task: z.string(),
  payload: z.unknown(),
  creator: writer,
});
const status = z.object({
  id: z.number(),
  state: z.string(),
  description: z.string().nullish(),
  created_at: z.string(),
  creator: writer,
});
type Status = z.output<typeof status>;

const WORDS: Readonly<Record<string, Verdict['word']>> = { success: 'running', failure: 'failed', error: 'unknown' };
const NONE: Verdict = { word: 'none', said: '' };

/** Reads verdicts from the GitHub Deployments on a release's source commit; they need `deployments: read`. */
export function openVerdicts(api: GitHubApi): Verdicts {
  return {
    of: async (release) => {
      const records = await listRecords(release, api);
      if (records.length === 0) return NONE;
      const statuses: Status[] = [];
      for (const id of records) statuses.push(...(await readAll(`deployments/${id}/statuses?`, status, api)));
      return judge(statuses.filter(({ creator }) => creator?.id === RECORD_WRITER));
    },
  };
}

/** The ids of the Deployments that are this release's own: anyone with `deployments: write` can make others. */
async function listRecords(release: JudgedRelease, api: GitHubApi): Promise<number[]> {
  const { environment, image, intent, source, digest } = release;
  const task = taskOf(image);
  const query = new URLSearchParams({ sha: source, environment, task });
  const found = await readAll(`deployments?${query}&`, deployment, api);
  return found
    .filter((one) => one.creator?.id === RECORD_WRITER)
    .filter((one) => one.sha === source && one.environment === environment && one.task === task)
    .filter((one) => {
      const said = parsePayload(one.payload);
      return said !== undefined && said.intent === intent && said.digest === digest && said.image === image;
    })
    .map(({ id }) => id);
}

/** The newest final word counts; `inactive` says only that a newer release took its place. */
function judge(statuses: readonly Status[]): Verdict {
  const ordered = [...statuses].sort((one, other) => other.id - one.id);
  const final = ordered.find(({ state }) => WORDS[state] !== undefined);
  const [newest] = ordered;
  const chosen = final ?? newest;
  if (chosen === undefined) return { word: 'pending', said: '' };
  const word = WORDS[chosen.state] ?? (chosen.state === 'inactive' ? 'unknown' : 'pending');
  return { word, said: chosen.description ?? '', at: chosen.created_at };
}

/** All pages, or a refusal: what is behind a flood of foreign records must not count as absent. */
async function readAll<T>(path: string, schema: z.ZodType<T>, api: GitHubApi): Promise<T[]> {
  const items: T[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const body = await api.rest('deployments: read', 'GET', `${path}per_page=${PAGE_SIZE}&page=${page}`);
    const read = z.array(schema).safeParse(body);
    if (!read.success)
      throw new Refusal(`GitHub's answer about ${path.split('?')[0]} is not the one that it documents`);
    items.push(...read.data);
    if (read.data.length < PAGE_SIZE) return items;
  }
  throw new Refusal(
    `GitHub has more than ${MOST_PAGES * PAGE_SIZE} records behind ${path.split('?')[0]}: delete those that are not the pipeline's`,
  );
}
