import { z } from 'zod';
import { checkAddress } from '#core/github/address.ts';
import type { GitHubClient } from '#core/github/client.ts';
import { fetchByNode } from '#core/registry/http.ts';
import type { Clock } from '#core/system/clock.ts';
import { retry } from '#core/system/retry.ts';
import { describeError, Refusal } from '#core/values/errors.ts';
import { readZipFile } from '#core/values/zip.ts';

/** An artifact of a run: one file in a ZIP archive. */
export interface Artifact {
  readonly id: number;
  readonly name: string;
  /** Bytes of the archive. */
  readonly size: number;
}

/** What runs of one repository have left. */
export interface Artifacts {
  /** Returns the artifacts of a run that have not expired, of each name the newest: an attempt may leave it again. */
  list(run: number): Promise<Artifact[]>;
  /** Returns a file of an artifact; undefined where it has none of this name. Refuses more than `most` bytes. */
  read(artifact: Artifact, file: string, most: number): Promise<Buffer | undefined>;
}

const listed = z.object({
  artifacts: z.array(z.object({ id: z.number(), name: z.string(), size_in_bytes: z.number(), expired: z.boolean() })),
});

/** What waits between attempts. */
interface Time {
  readonly clock: Clock;
  readonly random: () => number;
}

const PAGE_SIZE = 100;
/** A run of thousands of artifacts is not one of ours. */
const MOST_PAGES = 10;
const RIGHT = 'actions: read';
const DOWNLOAD_MS = 60_000;

/** Opens the artifacts. What is in them is text from outside: each reader checks what it reads. */
export function openArtifacts(client: GitHubClient, time: Time): Artifacts {
  const { where } = client;
  return {
    list: async (run) => {
      const newest = new Map<string, Artifact>();
      for (let page = 1; page <= MOST_PAGES; page++) {
        const request = { what: `the artifacts of the run ${run}`, right: RIGHT };
        const data = await client.ask(request, ({ actions }) =>
          actions.listWorkflowRunArtifacts({ ...where, run_id: run, per_page: PAGE_SIZE, page }),
        );
        const { artifacts } = listed.parse(data);
        for (const { id, name, size_in_bytes: size, expired } of artifacts)
          if (!expired && id > (newest.get(name)?.id ?? 0)) newest.set(name, { id, name, size });
        if (artifacts.length < PAGE_SIZE) break;
      }
      return [...newest.values()];
    },
    read: async (artifact, file, most) => {
      const zip = artifact.size > most ? undefined : await fetchArchive(artifact, most, client, time);
      if (zip !== undefined) return readZipFile(zip, file, most);
      throw new Refusal(`the artifact ${artifact.name} has more than ${most} bytes, which are not read`);
    },
  };
}

/** Returns an artifact's archive; undefined where it is larger than it says. The address is valid for a minute: each attempt asks for a new one. */
async function fetchArchive(
  { id, name }: Artifact,
  most: number,
  client: GitHubClient,
  time: Time,
): Promise<Buffer | undefined> {
  const request = { what: `the artifact ${name}`, right: RIGHT };
  const tried = await retry<Buffer | undefined>({ ...time, deadlineMs: DOWNLOAD_MS }, async () => {
    const address = await client.ask(request, async ({ actions }) => {
      const where = { ...client.where, artifact_id: id, archive_format: 'zip' };
      const { headers } = await actions.downloadArtifact(where);
      return { status: 200, data: headers.location };
    });
    return download(z.string().parse(address), most).then(
      (value) => ({ done: true, value }),
      (error: unknown) => ({ done: false, reason: describeError(error) }),
    );
  });
  if (tried.done) return tried.value;
  throw new Refusal(
    `the artifact ${name} could not be downloaded in ${tried.attempts} attempts (${tried.reason}): run the job again`,
  );
}

/** Returns what an address without a token answers; undefined where it is more than `most` bytes. */
async function download(address: string, most: number): Promise<Buffer | undefined> {
  checkAddress('the address of an artifact', address);
  const signal = AbortSignal.timeout(DOWNLOAD_MS);
  const response = await fetchByNode(address, { method: 'GET', headers: {}, signal, redirect: 'manual' });
  if (response.status !== 200 || response.body === null) throw new Error(`HTTP ${response.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
