import { z } from 'zod';
import type { GitHubClient } from '#core/github/client.ts';
import { digitsOf } from '#core/values/reference.ts';
import { parsePayload, type RecordPayload, taskOf } from '#core/verdict/record-format.ts';

/** The state of a GitHub Deployment, as its newest status says it. */
export type DeploymentState = 'success' | 'failure' | 'error' | 'in_progress' | 'inactive';

/** A Deployment that records a release. */
export interface RecordedRelease {
  readonly id: number;
  readonly payload: RecordPayload;
}

/** A status of a Deployment. */
export interface RecordedState {
  readonly id: number;
  readonly state: string;
  readonly said: string;
  /** Page of the commit whose report was the first to say so; that of the release where none did. Empty for none. */
  readonly url: string;
  readonly at: string;
}

/** Where releases of an image are recorded. */
export interface RecordPlace {
  readonly environment: string;
  readonly image: string;
}

/** What one record is about. */
export type RecordSubject = RecordPlace & Omit<RecordPayload, 'schema'> & { readonly source: string };

/** The Deployments of one repository that record releases. */
export interface Deployments {
  /** Returns the newest hundred, newest first; those of other accounts are not ours, whatever they say. */
  list(place: RecordPlace): Promise<RecordedRelease[]>;
  /** Returns the record of one release, behind however many others its source commit has; undefined where there is none. */
  find(subject: RecordSubject): Promise<RecordedRelease | undefined>;
  /** Returns the statuses, newest first. */
  states(id: number): Promise<RecordedState[]>;
  /** Makes one; undefined where no answer came, so that it may be there. */
  create(subject: RecordSubject): Promise<number | undefined>;
  setState(id: number, state: DeploymentState, said: string, url: string): Promise<void>;
}

const writer = z.object({ id: z.number() }).nullish();
const listed = z.array(z.object({ id: z.number(), payload: z.unknown(), creator: writer }));
const states = z.array(
  z.object({
    id: z.number(),
    state: z.string(),
    description: z.string().nullish(),
    log_url: z.string().nullish(),
    created_at: z.string(),
    creator: writer,
  }),
);

const PAGE_SIZE = 100;
const MOST_PAGES = 10;

/** Reads a page of an image's Deployments: those that are ours, and whether there are more pages. */
function openPages(client: GitHubClient, identity: number) {
  return async ({ environment, image }: RecordPlace, more: { sha?: string; page?: number }) => {
    const request = { what: `the Deployments of ${environment}/${image}`, right: 'deployments: read' };
    const data = await client.ask(request, ({ repos }) =>
      repos.listDeployments({ ...client.where, environment, task: taskOf(image), per_page: PAGE_SIZE, ...more }),
    );
    const all = listed.parse(data);
    const own = all.flatMap(({ id, payload: text, creator }): RecordedRelease[] => {
      const read = parsePayload(text);
      return creator?.id === identity && read?.image === image ? [{ id, payload: read }] : [];
    });
    return { own, isLast: all.length < PAGE_SIZE };
  };
}

/** Opens the Deployments that the account `identity` (its id) wrote. */
export function openDeployments(client: GitHubClient, identity: number): Deployments {
  const { where } = client;
  const readPage = openPages(client, identity);
  return {
    list: async (place) => (await readPage(place, {})).own,
    find: async (subject) => {
      for (let page = 1; page <= MOST_PAGES; page++) {
        const { own, isLast } = await readPage(subject, { sha: subject.source, page });
        const found = findRecord(own, subject);
        if (found !== undefined || isLast) return found;
      }
      return undefined; // a thousand on one commit: one more does no harm
    },
    states: async (id) => {
      const request = { what: `the statuses of Deployment ${id}`, right: 'deployments: read' };
      const data = await client.ask(request, ({ repos }) =>
        repos.listDeploymentStatuses({ ...where, deployment_id: id, per_page: 100 }),
      );
      return states
        .parse(data)
        .filter(({ creator }) => creator?.id === identity)
        .map(({ id, state, description, log_url, created_at: at }) => ({
          ...{ id, state, at },
          said: description ?? '',
          url: log_url ?? '',
        }))
        .sort((one, other) => other.id - one.id);
    },
    create: async ({ environment, source, ...what }) => {
      const { image } = what;
      const request = { what: `a Deployment of ${environment}/${image}`, right: 'deployments: write' };
      const sent = await client.once(request, ({ repos }) =>
        repos.createDeployment({
          ...where,
          ref: source,
          task: taskOf(image),
          environment,
          payload: { schema: 1, ...what },
          description: `${image} ${digitsOf(what.digest)}`,
          // an old commit is deployed as it is: neither merged with the branch, nor kept back by its checks
          auto_merge: false,
          required_contexts: [],
          transient_environment: false,
        }),
      );
      return sent.done ? z.object({ id: z.number() }).parse(sent.data).id : undefined;
    },
    setState: async (id, state, said, url) => {
      const request = { what: `the state of Deployment ${id}`, right: 'deployments: write' };
      const more = { auto_inactive: false, ...(url === '' ? {} : { log_url: url }) };
      await client.once(request, ({ repos }) =>
        repos.createDeploymentStatus({ ...where, deployment_id: id, state, description: said, ...more }),
      );
    },
  };
}

/** Returns the oldest record of a release: a second one may be there where an answer was lost. */
export function findRecord(
  records: readonly RecordedRelease[],
  { intent, digest }: Pick<RecordPayload, 'intent' | 'digest'>,
): RecordedRelease | undefined {
  return records.findLast(({ payload }) => payload.intent === intent && payload.digest === digest);
}
