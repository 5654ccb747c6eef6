import { createHash } from 'node:crypto';
import * as z from 'zod';
import { describeAnswer, parseJson, readErrors } from '#core/registry/answers.ts';
import type { Manifest, Withheld } from '#core/registry/registry.ts';
import { createAsk, type SessionAnswer, type SessionSettings } from '#core/registry/session.ts';
import type { RegistryAnswer, RegistryDeps } from '#core/registry/transport.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/** What an adapter knows about its registry that the protocol does not say. */
export interface OciSettings extends SessionSettings {
  /** What a person does when the login, the right to read or the right to write is missing, the repository is, or a manifest. */
  readonly remedies: {
    readonly login: string;
    readonly read: string;
    readonly write: string;
    readonly repository: string;
    readonly manifest: (repository: string, digest: Digest) => string;
  };
}

/** Why a registry did not take a tag. */
export interface PutRefusal {
  readonly refusal: Refusal;
  /** True where it says that the tag is there and does not move; other answers may mean that, or not. */
  readonly isImmutable: boolean;
}

/** The manifests and blobs of an OCI registry (distribution specification 1.1) with login and retries. */
export interface OciClient {
  head(repository: string, reference: string): Promise<Digest | undefined>;
  get(repository: string, digest: Digest): Promise<Manifest>;
  find(repository: string, digest: Digest): Promise<Manifest | Withheld>;
  getBlob(repository: string, digest: Digest): Promise<Buffer | Withheld>;
  headBlob(repository: string, digest: Digest): Promise<Withheld | undefined>;
  /** Returns why the registry did not take it: a 4xx other than a missing login; undefined where it did. */
  put(repository: string, tag: string, manifest: Manifest): Promise<PutRefusal | undefined>;
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

/**
 * How registries refuse a tag that is there and does not move, by status, with the error codes that they name then (all,
 * where a status has no list): the distribution specification and ECR with 400, Harbor with 412.
 */
const TAG_REFUSED: ReadonlyMap<number, readonly string[] | undefined> = new Map([
  [400, ['TAG_INVALID']],
  [405, undefined],
  [409, undefined],
  [412, ['PRECONDITION', 'DENIED']],
]);

const BLOB_REMEDY = 'push the image again, or deploy another release';

/** Returns a client of one registry. */
export function createOciClient(settings: OciSettings, deps: RegistryDeps): OciClient {
  const ask = createAsk(settings, deps);
  const askManifest = (method: 'GET' | 'HEAD', repository: string, reference: string): Promise<SessionAnswer> =>
    ask(method, repository, manifestPath(reference), { headers: { Accept: MANIFEST_TYPES.join(', ') } });
  return {
    head: async (repository, reference) => {
      const told = await askManifest('HEAD', repository, reference);
      const isTold = told.status !== 405 && told.status !== 501 && (told.status !== 200 || hasDigest(told));
      const answer = isTold ? told : await askManifest('GET', repository, reference);
      if (answer.status === 404) return undefined;
      if (answer.status !== 200) throw refuse(settings, answer, 'read', repository, reference);
      return isTold
        ? readDigest(settings.host, answer, repository, reference)
        : hashManifest(settings.host, answer, repository, reference);
    },
    get: async (repository, digest) => {
      const answer = await askManifest('GET', repository, digest);
      if (answer.status !== 200) throw refuse(settings, answer, 'read', repository, digest);
      return readManifest(settings.host, answer, repository, digest);
    },
    find: async (repository, digest) => {
      const answer = await askManifest('GET', repository, digest);
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
    put: async (repository, tag, { bytes, mediaType, digest }) => {
      const content = { body: bytes, headers: { 'Content-Type': mediaType } };
      const answer = await ask('PUT', repository, manifestPath(tag), content);
      if (answer.status === 201 || answer.status === 200) {
        const said = answer.headers.get('docker-content-digest'); // optional here: the caller reads the tag again
        if (said !== null && said !== digest) throw wrongDigest(settings.host, repository, digest, said);
        return undefined;
      }
      const refusal = refuse(settings, answer, 'write', repository, tag);
      if (answer.status === 401 || answer.status < 400 || answer.status >= 500) throw refusal;
      return { refusal, isImmutable: isTagRefused(answer) };
    },
    findDenial: async (repository) => {
      const answer = await ask('POST', repository, 'blobs/uploads/');
      const isDenied = answer.status === 401 || answer.status === 403;
      return isDenied ? refuse(settings, answer, 'write', repository, 'blobs') : undefined;
    },
  };
}

function manifestPath(reference: string): string {
  return `manifests/${encodeURIComponent(reference).replace('%3A', ':')}`;
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

/** The header is optional in an answer to HEAD: the bytes themselves are hashed then, and must be an image's manifest. */
function hashManifest(host: string, answer: RegistryAnswer, repository: string, reference: string): Digest {
  const digest = digestOf(answer.body);
  if (isDigest(reference) && digest !== reference) throw wrongDigest(host, repository, reference, digest);
  if (hasDigest(answer)) readDigest(host, answer, repository, digest);
  if (!MANIFEST_TYPES.includes(readMediaType(answer))) {
    throw new Refusal(
      `the registry ${host} answers with no digest for ${repository} ${reference}, and with ${quote(readMediaType(answer))} instead of a manifest; is it an OCI registry, and not a proxy before one?`,
    );
  }
  return digest;
}

function hasDigest({ headers }: RegistryAnswer): boolean {
  return Boolean(headers.get('docker-content-digest'));
}

const manifestType = z.object({ mediaType: z.string().optional() });

/** Returns what the manifest says it is, else what the answer says: without its parameters (`; charset=utf-8`). */
function readMediaType({ body, headers }: RegistryAnswer): string {
  const declared = manifestType.safeParse(parseJson(body)).data?.mediaType;
  return declared ?? headers.get('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
}

function readManifest(host: string, answer: RegistryAnswer, repository: string, digest: Digest): Manifest {
  ensureDigest(host, answer.body, repository, digest);
  const mediaType = readMediaType(answer);
  if (MANIFEST_TYPES.includes(mediaType)) return { digest, mediaType, bytes: answer.body };
  throw new Refusal(
    `${host} holds ${repository}@${digest} as ${JSON.stringify(mediaType)}, which is not an image manifest`,
  );
}

function digestOf(bytes: Buffer): Digest {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function ensureDigest(host: string, bytes: Buffer, repository: string, digest: Digest): void {
  const actual = digestOf(bytes);
  if (actual !== digest) throw wrongDigest(host, repository, digest, actual);
}

function wrongDigest(host: string, repository: string, wanted: string, got: string): Refusal {
  return new Refusal(
    `the registry ${host} answers with ${JSON.stringify(got)} where ${repository}@${wanted} was asked for; its content is not to be trusted`,
  );
}

function isTagRefused(answer: RegistryAnswer): boolean {
  const codes = TAG_REFUSED.get(answer.status);
  if (codes !== undefined) return readErrors(answer).some(({ code }) => codes.includes(code ?? ''));
  return TAG_REFUSED.has(answer.status);
}

/** A 4xx is the registry's word on the content, whatever its code, unless it is about the login: that one is refused. */
function withhold(
  settings: OciSettings,
  answer: SessionAnswer,
  repository: string,
  digest: Digest,
  remedy: string,
): Withheld {
  const { status } = answer;
  if (status < 400 || status >= 500 || status === 401 || status === 403)
    throw refuse(settings, answer, 'read', repository, digest);
  return { answered: `the registry ${describeAnswer(answer)}`, remedy };
}

function refuse(
  settings: OciSettings,
  answer: SessionAnswer,
  verb: 'read' | 'write',
  repository: string,
  reference: string,
): Refusal {
  const { host, remedies } = settings;
  const where = `${repository} ${reference} at ${host}`;
  const { status, notes } = answer;
  const answered = `the registry ${describeAnswer(answer)}`;
  if (status === 401 || status === 403) {
    const lacks = status === 401 ? 'login' : 'right';
    const said = [answered, ...notes.map((note) => note.said)].join('; ');
    const remedy = notes.find((note) => note.remedy !== undefined)?.remedy ?? remedies[status === 401 ? 'login' : verb];
    return new Refusal(`no ${lacks} to ${verb} ${where}: ${said}; ${remedy}`);
  }
  if (status === 404)
    return new Refusal(`no repository or manifest to ${verb}, ${where}: ${answered}; ${remedies.repository}`);
  return new Refusal(`could not ${verb} ${where}: ${answered}, which this client does not know`);
}
