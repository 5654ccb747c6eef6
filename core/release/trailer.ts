import { type HoldKind, isHoldKind } from '#core/release/holds.ts';
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
  /** Why a person asked for it. */
  readonly reason?: string;
}

/** A hold that a commit sets or lets go, in its environment's hold file. */
export interface HoldRecord {
  readonly environment: string;
  /** `*` for the whole environment. */
  readonly image: string;
  readonly action: 'set' | 'release';
  readonly kind: HoldKind;
}

/** A release with the commit that landed it. */
export interface LandedRelease extends Release {
  readonly commit: CommitSha;
}

/** How every trailer of ours begins. */
export const TRAILER_PREFIX = 'Slipway-';
const RELEASE_KEY = 'Slipway-Release: ';
const HOLD_KEY = 'Slipway-Hold: ';

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
    ...(release.reason === undefined ? {} : { reason: release.reason }),
  };
  const words = Object.entries(fields).map(([key, value]) => `${key}=${encode(value)}`);
  return `${RELEASE_KEY}${encode(release.environment)}/${encode(release.image)} ${words.join(' ')}`;
}

/** Returns the trailer of a hold that an intent sets or lets go, one line. */
export function formatHold(hold: HoldRecord, by: Pick<Release, 'intent' | 'run' | 'actor'>): string {
  const fields = { action: hold.action, kind: hold.kind, intent: by.intent, run: by.run, actor: by.actor };
  const words = Object.entries(fields).map(([key, value]) => `${key}=${encode(value)}`);
  return `${HOLD_KEY}${encode(hold.environment)}/${encode(hold.image)} ${words.join(' ')}`;
}

/** Returns the holds that a message says were set or let go, with the intent and the run that did it. */
export function parseHoldRecords(message: string): (HoldRecord & Pick<Release, 'intent' | 'run'>)[] {
  return readTrailers(message, HOLD_KEY)
    .map(readFields)
    .flatMap(({ environment, image, fields }) => {
      const [action, kind] = [fields.get('action'), fields.get('kind')];
      const isRecord = environment !== '' && isAction(action) && isHoldKind(kind);
      const by = { intent: fields.get('intent') ?? '', run: fields.get('run') ?? '' };
      return isRecord ? [{ environment, image, action, kind, ...by }] : [];
    });
}

function isAction(text: string | undefined): text is HoldRecord['action'] {
  return text === 'set' || text === 'release';
}

/**
 * Returns the releases of a commit message. Only trailers count: lines of the last paragraph. A line that is not a
 * whole release is ignored; keys that a later version adds are passed over.
 */
export function parseReleases(message: string): Release[] {
  return readTrailers(message, RELEASE_KEY)
    .map(parseRelease)
    .filter((release) => release !== undefined);
}

/** What GitHub puts behind the message of a squash: who else wrote its commits, and a line before them. */
const CO_AUTHORS = /(\n\n(-{3,}|(Co-authored-by|Signed-off-by): .*(\n(Co-authored-by|Signed-off-by): .*)*))+$/i;

/** Returns the values of a message's trailers of one key: lines of its last paragraph, before that of co-authors. */
export function readTrailers(message: string, key: string): string[] {
  const text = message.replaceAll('\r\n', '\n').trimEnd().replace(CO_AUTHORS, '');
  const start = text.lastIndexOf('\n\n');
  if (start === -1) return []; // a title alone has no trailers
  const lines = text
    .slice(start + 2)
    .split('\n')
    .filter((line) => line.startsWith(key));
  return lines.map((line) => line.slice(key.length));
}

/** Splits `<environment>/<image> <key>=<value> …`: an image may have slashes in its name, an environment has none. */
function readFields(text: string): { environment: string; image: string; fields: ReadonlyMap<string, string> } {
  const [name = '', ...words] = text.split(' ');
  const fields = new Map<string, string>();
  for (const word of words) {
    const equals = word.indexOf('=');
    fields.set(word.slice(0, equals), decode(word.slice(equals + 1)));
  }
  const slash = name.indexOf('/');
  const [environment, image] = slash < 1 ? ['', ''] : [decode(name.slice(0, slash)), decode(name.slice(slash + 1))];
  return { environment, image, fields };
}

function parseRelease(text: string): Release | undefined {
  const { environment, image, fields } = readFields(text);
  const [to, from, kind, source] = [fields.get('to'), fields.get('from'), fields.get('kind'), fields.get('source')];
  const reason = fields.get('reason');
  if (image === '' || !to || !isDigest(to) || !isKind(kind) || !source || !/^[0-9a-f]{40}$/.test(source))
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
    ...(reason === undefined ? {} : { reason }),
  };
}

function isKind(text: string | undefined): text is ReleaseKind {
  return text === 'deploy' || text === 'promotion' || text === 'rollback';
}

/** White space, controls and `%` in percent form: a value can neither end its field nor its line. */
export function encode(value: string): string {
  return value.replace(/[\s%\p{C}]/gu, (char) =>
    [...Buffer.from(char, 'utf8')].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
  );
}

/** Returns what {@link encode} was given. */
export function decode(value: string): string {
  if (!value.includes('%')) return value;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
