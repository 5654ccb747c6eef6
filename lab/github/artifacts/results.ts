import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import { z } from 'zod';
import type { Blobs } from '#lab/github/artifacts/blobs.ts';
import type { ArtifactRecord, Artifacts } from '#lab/github/artifacts/store.ts';

/** The service that `@actions/artifact` speaks to inside a job. */
export interface Results {
  /** Returns what tells an action of a job where the service is; the token is good while `isRunning` says so. */
  openJob(runId: number, job: string, isRunning: () => boolean): Record<string, string>;
  /** Answers a request to the service; false where it is none. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

interface Holder {
  readonly runId: number;
  readonly run: string;
  readonly job: string;
  readonly isRunning: () => boolean;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** https://twitchtv.github.io/twirp/docs/spec_v7.html#error-codes */
const ERRORS = { already_exists: 409, bad_route: 404, malformed: 400, not_found: 404, unauthenticated: 401 };

function fail(code: keyof typeof ERRORS, msg: string): Reply {
  return { status: ERRORS[code], body: { code, msg } };
}

const PREFIX = '/twirp/github.actions.results.api.v1.ArtifactService/';
const asked = z.object({ workflow_run_backend_id: z.string(), workflow_job_run_backend_id: z.string() });
const named = asked.extend({ name: z.string().min(1) });
const creation = named.extend({ expires_at: z.iso.datetime().optional(), mime_type: z.string().optional() });
const listing = asked.extend({ name_filter: z.string().optional(), id_filter: z.string().optional() });

/** Opens the service: Twirp over JSON, version 4 of artifacts. */
export function createResults(url: string, artifacts: Artifacts, blobs: Blobs): Results {
  const holders = new Map<string, Holder>();
  const methods = openMethods(artifacts, blobs);
  return {
    openJob: (runId, job, isRunning) => {
      const holder = { runId, run: backendId('run', runId), job: backendId('job', `${runId} ${job}`), isRunning };
      const token = writeToken(`Actions.Results:${holder.run}:${holder.job}`);
      holders.set(token, holder);
      return { ACTIONS_RESULTS_URL: `${url}/`, ACTIONS_RUNTIME_TOKEN: token };
    },
    answer: async (request, response) => {
      const path = request.url ?? '/';
      if (!path.startsWith(PREFIX)) return false;
      const holder = holders.get((request.headers.authorization ?? '').replace(/^bearer /i, ''));
      const { status, body } =
        holder?.isRunning() === true
          ? await call(methods, path.slice(PREFIX.length), holder, request)
          : fail('unauthenticated', 'token is not valid, or its job is over');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      return true;
    },
  };
}

type Method = (body: unknown, holder: Holder) => Reply;

async function call(
  methods: ReadonlyMap<string, Method>,
  name: string,
  holder: Holder,
  request: IncomingMessage,
): Promise<Reply> {
  const method = methods.get(name);
  if (method === undefined || request.method !== 'POST') return fail('bad_route', `no handler for path ${request.url}`);
  try {
    const body: unknown = await json(request);
    const { workflow_run_backend_id: run, workflow_job_run_backend_id: job } = asked.parse(body);
    // a job may read what other jobs of its run made, and nothing else
    if (run !== holder.run) return fail('not_found', `run ${run} (job ${job}) is not the token's`);
    return method(body, holder);
  } catch (error) {
    return fail('malformed', error instanceof z.ZodError ? z.prettifyError(error) : String(error));
  }
}

function openMethods(artifacts: Artifacts, blobs: Blobs): ReadonlyMap<string, Method> {
  const withArtifact =
    (isWanted: (artifact: ArtifactRecord) => boolean, answer: (artifact: ArtifactRecord) => unknown): Method =>
    (body, { runId }) => {
      const { name } = named.parse(body);
      const artifact = artifacts.ofRun(runId, name);
      if (artifact === undefined || !isWanted(artifact)) return fail('not_found', `artifact ${name} not found`);
      return { status: 200, body: answer(artifact) };
    };
  const isThere = (artifact: ArtifactRecord): boolean =>
    artifact.digest !== undefined && !artifacts.isExpired(artifact);
  const done = (artifact: ArtifactRecord): unknown => ({ ok: true, artifact_id: String(artifact.id) });
  return new Map<string, Method>([
    [
      'CreateArtifact',
      (body, { runId }) => {
        const { name, expires_at: until, mime_type: mimeType = 'application/zip' } = creation.parse(body);
        const expiresAt = until === undefined ? undefined : new Date(until);
        const artifact = artifacts.create({ runId, name, mimeType, expiresAt });
        if (artifact === undefined)
          return fail('already_exists', 'an artifact with this name already exists on the workflow run');
        return { status: 200, body: { ok: true, signed_upload_url: blobs.openUpload(artifact) } };
      },
    ],
    [
      'FinalizeArtifact',
      withArtifact(
        ({ digest }) => digest === undefined,
        (artifact) => {
          artifacts.finalize(artifact);
          return done(artifact);
        },
      ),
    ],
    [
      'ListArtifacts',
      (body, holder) => {
        const { name_filter: name, id_filter: id } = listing.parse(body);
        const list = artifacts.complete.filter(
          (one) =>
            one.runId === holder.runId &&
            isThere(one) &&
            [undefined, one.name].includes(name) &&
            [undefined, String(one.id)].includes(id),
        );
        return { status: 200, body: { artifacts: list.map((artifact) => describe(artifact, holder)) } };
      },
    ],
    ['GetSignedArtifactURL', withArtifact(isThere, (artifact) => ({ signed_url: blobs.openDownload(artifact) }))],
    [
      'DeleteArtifact',
      withArtifact(isThere, (artifact) => {
        artifacts.remove(artifact);
        return done(artifact);
      }),
    ],
  ]);
}

function describe({ id, name, bytes, createdAt, digest }: ArtifactRecord, { run, job }: Holder): unknown {
  return {
    ...{ workflow_run_backend_id: run, workflow_job_run_backend_id: job },
    ...{ database_id: String(id), name, size: String(bytes.length), created_at: createdAt.toISOString(), digest },
  };
}

/** An id that only the service can read, as GitHub's are. */
function backendId(kind: string, id: number | string): string {
  const hex = createHash('sha256').update(`${kind} ${id}`).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}

/** A JWT that clients read the scope from; whether it is good, the service knows by heart. */
function writeToken(scope: string): string {
  const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const text = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode({ scp: `Actions.ExampleScope ${scope}`, jti: randomBytes(8).toString('hex') })}`;
  return `${text}.${createHmac('sha256', randomBytes(32)).update(text).digest('base64url')}`;
}
