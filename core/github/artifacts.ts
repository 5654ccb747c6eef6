import { z } from 'zod';
import { checkAddress } from '#core/github/address.ts';
import type { GitHubClient } from '#core/github/client.ts';
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

const PAGE_SIZE = 100;
/** A run of thousands of artifacts is not one of ours. */
const MOST_PAGES = 10;
const RIGHT = 'actions: read';
const DOWNLOAD_MS = 60_000;

/** Opens the artifacts. What is in them is text from outside: each reader checks what it reads. */
export function openArtifacts(
  client: GitHubClient,
  time: { readonly clock: Clock; readonly random: () => number },
): Artifacts {
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
      const { id, name, size } = artifact;
      const tooLarge = new Refusal(`the artifact ${name} has more than ${most} bytes, which are not read`);
      if (size > most) throw tooLarge;
      const request = { what: `the artifact ${name}`, right: RIGHT };
      const tried = await retry<Buffer>({ ...time, deadlineMs: DOWNLOAD_MS }, async () => {
        // the address is valid for a minute, so each attempt asks for a new one
        const address = await client.ask(request, async ({ actions }) => {
          const { headers } = await actions.downloadArtifact({ ...where, artifact_id: id, archive_format: 'zip' });
          return { status: 200, data: headers.location };
        });
        return download(z.string().parse(address), most).then(
          (bytes) => {
            if (bytes === undefined) throw tooLarge;
            return { done: true, value: bytes };
          },
          (error: unknown) => {
            return { done: false, reason: describeError(error) };
          },
        );
      });
      if (!tried.done)
        throw new Refusal(
          `the artifact ${name} could not be downloaded in ${tried.attempts} attempts (${tried.reason}): run the job again`,
        );
      return readZipFile(tried.value, file, most);
    },
  };
}

/** Returns what an address without a token answers; undefined where it is more than `most` bytes. */
async function download(address: string, most: number): Promise<Buffer | undefined> {
  checkAddress('the address of an artifact', address);
  const response = await fetch(address, { signal: AbortSignal.timeout(DOWNLOAD_MS) });
  if (!response.ok || response.body === null) throw new Error(`HTTP ${response.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body) {
    size += part.length;
    if (size > most) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts);
}
