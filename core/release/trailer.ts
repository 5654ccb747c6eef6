import { type CommitSha, type Digest, isDigest } from '#core/values/reference.ts';

/** What moved a digest into an environment. */
export type ReleaseKind = 'deploy' | 'promotion' | 'rollback';

/** One image's digest in one environment, landed by one commit. */
export interface Release {
  readonly environment: string;
  readonly image: string;
  readonly to: Digest;
  /** What stood there before; undefined where no digest did. */
  readonly from: Digest | undefined;
  readonly kind: ReleaseKind;
  /** The commit that the digest was built from. */
  readonly source: CommitSha;
  /** ULID of the intent that wanted it. */
  readonly intent: string;
  /** Page of the workflow run. */
  readonly run: string;
  readonly actor: string;
}

/** A release with the commit that landed it. */
export interface LandedRelease extends Release {
  readonly commit: CommitSha;
}

/** How the trailer of a release begins. */
export const RELEASE_KEY = 'Slipway-Release: ';

/** Returns the trailer of a release, one line, in the form of the design's section 6. */
export function formatRelease(release: Release): string {
  const fields = {
    to: release.to,
    from: release.from ?? 'none',
    kind: release.kind,
    source: release.source,
    intent: release.intent,
    run: release.run,
    actor: release.actor,
  };
  const words = Object.entries(fields).map(([key, value]) => `${key}=${encode(value)}`);
  return `${RELEASE_KEY}${encode(release.environment)}/${encode(release.image)} ${words.join(' ')}`;
}

/**
 * Returns the releases of a commit message. Only trailers count: lines of the last paragraph. A line that is not a
 * whole release is ignored; keys that a later version adds are passed over.
 */
export function parseReleases(message: string): Release[] {
  const paragraphs = message
    .replaceAll('\r\n', '\n')
    .trimEnd()
    .split(/\n{2,}/);
  if (paragraphs.length < 2) return []; // a title alone has no trailers
  const lines = (paragraphs.at(-1) ?? '').split('\n').filter((line) => line.startsWith(RELEASE_KEY));
  return lines.map((line) => parseRelease(line.slice(RELEASE_KEY.length))).filter((release) => release !== undefined);
}

function parseRelease(text: string): Release | undefined {
  const [name = '', ...words] = text.split(' ');
  const fields = new Map(
    words.map((word) => [word.slice(0, word.indexOf('=')), decode(word.slice(word.indexOf('=') + 1))]),
  );
  const slash = name.indexOf('/'); // an image may have slashes in its name, an environment has none
  const [environment, image] = [decode(name.slice(0, slash)), decode(name.slice(slash + 1))];
  const [to, from, kind, source] = [fields.get('to'), fields.get('from'), fields.get('kind'), fields.get('source')];
  if (slash < 1 || image === '' || !to || !isDigest(to) || !isKind(kind) || !source || !/^[0-9a-f]{40}$/.test(source))
    return undefined;
  return {
    environment,
    image,
    to,
    from: from !== undefined && isDigest(from) ? from : undefined,
    kind,
    source: source as CommitSha, // the pattern above is the type
    intent: fields.get('intent') ?? '',
    run: fields.get('run') ?? '',
    actor: fields.get('actor') ?? '',
  };
}

function isKind(text: string | undefined): text is ReleaseKind {
  return text === 'deploy' || text === 'promotion' || text === 'rollback';
}

/** White space, controls and `%` in percent form: a value can neither end its field nor its line. */
function encode(value: string): string {
  return value.replace(/[\s%\p{C}]/gu, (char) =>
    [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
