import { createHash } from 'node:crypto';
import * as z from 'zod';
import { answerChallenge, basicAuthorization, parseChallenge } from '#core/registry/challenge.ts';
import type { Manifest, RegistryCredentials, Withheld } from '#core/registry/registry.ts';
import {
  createSend,
  type RegistryAnswer,
  type RegistryDeps,
  registryUrl,
  type Send,
} from '#core/registry/transport.ts';
import { Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/** What an adapter knows about its registry that the protocol does not say. */
export interface OciSettings {
  readonly host: string;
  /** Asked for once, when it is needed first. */
  readonly credentials: () => Promise<RegistryCredentials | undefined>;
  /** Present the credentials without waiting to be asked (ECR asks every time): saves a round trip. */
  readonly eager: boolean;
  /** What a person does when the login, the right to read or the right to write is missing, the repository is, or a manifest. */
  readonly remedies: {
    readonly login: string;
    readonly read: string;
    readonly write: string;
    readonly repository: string;
    readonly manifest: (repository: string, digest: Digest) => string;
  };
}

/** The manifests and blobs of an OCI registry (distribution specification 1.1) with login and retries. */
export interface OciClient {
  head(repository: string, reference: string): Promise<Digest | undefined>;
  get(repository: string, digest: Digest): Promise<Manifest>;
  find(repository: string, digest: Digest): Promise<Manifest | Withheld>;
  getBlob(repository: string, digest: Digest): Promise<Buffer | Withheld>;
  headBlob(repository: string, digest: Digest): Promise<Withheld | undefined>;
  /** False when the registry refuses this tag (it has it already and does not move tags). */
  put(repository: string, tag: string, manifest: Manifest): Promise<boolean>;
  /**
   * Returns why this login may not push, with the remedy; undefined where it may, or where the registry does not say.
   * Begins an upload, as a push does, and does not continue it: registries drop such uploads by themselves.
   */
  findDenial(repository: string): Promise<Refusal | undefined>;
}

const MANIFEST_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** The error code of the distribution specification and of ECR for a tag that cannot be had; others are faults of ours. */
const TAG_REFUSED = 'TAG_INVALID';

const BLOB_REMEDY = 'push the image again, or deploy another release';

/** Returns a client of one registry. */
export function createOciClient(settings: OciSettings, deps: RegistryDeps): OciClient {
  const ask = createAsk(settings, deps);
  return {
    head: async (repository, reference) => {
      const answer = await ask('HEAD', repository, manifestPath(reference));
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refuse(settings, answer, 'read', repository, reference);
      return readDigest(settings.host, answer, repository, reference);
    },
    get: async (repository, digest) => {
      const answer = await ask('GET', repository, manifestPath(digest));
      if (answer.status !== 200) throw refuse(settings, answer, 'read', repository, digest);
      return readManifest(settings.host, answer, repository, digest);
    },
    find: async (repository, digest) => {
      const answer = await ask('GET', repository, manifestPath(digest));
      if (answer.status === 200) return readManifest(settings.host, answer, repository, digest);
      return withhold(settings, answer, repository, digest, settings.remedies.manifest(repository, digest));
    },
    getBlob: async (repository, digest) => {
      const answer = await ask('GET', repository, `blobs/${digest}`);
      if (answer.status !== 200) return withhold(settings, answer, repository, digest, BLOB_REMEDY);
      ensureDigest(settings.host, answer.body, repository, digest);
      return answer.body;
    },
    headBlob: async (repository, digest) => {
      const answer = await ask('HEAD', repository, `blobs/${digest}`);
      return answer.status === 200 ? undefined : withhold(settings, answer, repository, digest, BLOB_REMEDY);
    },
    put: async (repository, tag, manifest) => {
      const answer = await ask('PUT', repository, manifestPath(tag), manifest);
      if (answer.status === 201 || answer.status === 200) {
        const said = answer.headers.get('docker-content-digest'); // optional here: the caller reads the tag again
        if (said !== null && said !== manifest.digest)
          throw wrongDigest(settings.host, repository, manifest.digest, said);
        return true;
      }
      const isRefused = answer.status === 400 && readErrors(answer).some(({ code }) => code === TAG_REFUSED);
      if (isRefused || answer.status === 405 || answer.status === 409) return false;
      throw refuse(settings, answer, 'write', repository, tag);
    },
    findDenial: async (repository) => {
      const answer = await ask('POST', repository, 'blobs/uploads/');
      const isDenied = answer.status === 401 || answer.status === 403;
      return isDenied ? refuse(settings, answer, 'write', repository, 'blobs') : undefined;
    },
  };
}

type Ask = (
  method: 'GET' | 'HEAD' | 'PUT' | 'POST',
  repository: string,
  path: string,
  manifest?: Manifest,
) => Promise<RegistryAnswer>;

function manifestPath(reference: string): string {
  return `manifests/${encodeURIComponent(reference).replace('%3A', ':')}`;
}

/** Sends with the login that is known for the scope; when the registry asks for another, answers once and sends again. */
function createAsk(settings: OciSettings, deps: RegistryDeps): Ask {
  const send = createSend(deps);
  const logins = new Map<string, string>();
  return async (method, repository, path, manifest) => {
    const scope = `repository:${repository}:${method === 'PUT' || method === 'POST' ? 'pull,push' : 'pull'}`;
    if (settings.eager && !logins.has(scope)) await logInEagerly(settings, logins, scope);
    const request = {
      method,
      url: `${registryUrl(settings.host)}/v2/${repository}/${path}`,
      ...(manifest === undefined ? {} : { body: manifest.bytes }),
    };
    const headers = (): Record<string, string> => ({
      ...(path.startsWith('manifests/') ? { Accept: MANIFEST_TYPES.join(', ') } : {}),
      ...(manifest === undefined ? {} : { 'Content-Type': manifest.mediaType }),
      ...(logins.has(scope) ? { Authorization: logins.get(scope) ?? '' } : {}),
    });
    const first = await send({ ...request, headers: headers() });
    if (first.status !== 401) return first;
    const login = await logIn(settings, deps, send, scope, first);
    if (login === undefined || login === logins.get(scope)) return first;
    logins.set(scope, login);
    return send({ ...request, headers: headers() });
  };
}

async function logInEagerly(settings: OciSettings, logins: Map<string, string>, scope: string): Promise<void> {
  const credentials = await settings.credentials();
  if (credentials !== undefined) logins.set(scope, basicAuthorization(credentials));
}

async function logIn(
  settings: OciSettings,
  deps: RegistryDeps,
  send: Send,
  scope: string,
  answer: RegistryAnswer,
): Promise<string | undefined> {
  const challenge = parseChallenge(answer.headers.get('www-authenticate'));
  if (challenge === undefined) return undefined;
  const credentials = await settings.credentials();
  return answerChallenge({ challenge, host: settings.host, scope, credentials, send, mask: deps.mask });
}

function readDigest(host: string, answer: RegistryAnswer, repository: string, reference: string): Digest {
  const text = answer.headers.get('docker-content-digest') ?? '';
  if (!isDigest(text)) {
    const what = text === '' ? 'no digest' : `${JSON.stringify(text)}, which is not a digest,`;
    throw new Refusal(
      `the registry ${host} answers with ${what} for ${repository} ${reference}; is it an OCI registry, and not a proxy before one?`,
    );
  }
  if (isDigest(reference) && text !== reference) throw wrongDigest(host, repository, reference, text);
  return text;
}

const manifestType = z.object({ mediaType: z.string().optional() });

function readManifest(host: string, answer: RegistryAnswer, repository: string, digest: Digest): Manifest {
  ensureDigest(host, answer.body, repository, digest);
  const declared = manifestType.safeParse(parseJson(answer.body)).data?.mediaType;
  const mediaType = declared ?? answer.headers.get('content-type') ?? '';
  if (MANIFEST_TYPES.includes(mediaType)) return { digest, mediaType, bytes: answer.body };
  throw new Refusal(
    `${host} holds ${repository}@${digest} as ${JSON.stringify(mediaType)}, which is not an image manifest`,
  );
}

function ensureDigest(host: string, bytes: Buffer, repository: string, digest: Digest): void {
  const actual = `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
  if (actual !== digest) throw wrongDigest(host, repository, digest, actual);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function wrongDigest(host: string, repository: string, wanted: string, got: string): Refusal {
  return new Refusal(
    `the registry ${host} answers with ${JSON.stringify(got)} where ${repository}@${wanted} was asked for; its content is not to be trusted`,
  );
}

const errorBody = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});

function readErrors(answer: RegistryAnswer): z.infer<typeof errorBody>['errors'] {
  return errorBody.safeParse(parseJson(answer.body)).data?.errors ?? [];
}

function describeAnswer(answer: RegistryAnswer): string {
  const [first] = readErrors(answer);
  const said = [first?.code, first?.message].filter(Boolean).join(': ').slice(0, 300);
  return `the registry answers ${answer.status}${first === undefined ? '' : ` and says ${JSON.stringify(said)}`}`;
}

/** A 4xx is the registry's word on the content, whatever its code, unless it is about the login: that one is refused. */
function withhold(
  settings: OciSettings,
  answer: RegistryAnswer,
  repository: string,
  digest: Digest,
  remedy: string,
): Withheld {
  const { status } = answer;
  if (status < 400 || status >= 500 || status === 401 || status === 403)
    throw refuse(settings, answer, 'read', repository, digest);
  return { answered: describeAnswer(answer), remedy };
}

function refuse(
  settings: OciSettings,
  answer: RegistryAnswer,
  verb: 'read' | 'write',
  repository: string,
  reference: string,
): Refusal {
  const { host, remedies } = settings;
  const where = `${repository} ${reference} at ${host}`;
  const answered = describeAnswer(answer);
  if (answer.status === 401) return new Refusal(`no login to ${verb} ${where}: ${answered}; ${remedies.login}`);
  if (answer.status === 403) return new Refusal(`no right to ${verb} ${where}: ${answered}; ${remedies[verb]}`);
  if (answer.status === 404)
    return new Refusal(`no repository or manifest to ${verb}, ${where}: ${answered}; ${remedies.repository}`);
  return new Refusal(`could not ${verb} ${where}: ${answered}, which this client does not know`);
}
