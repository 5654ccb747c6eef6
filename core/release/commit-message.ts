import type { Intent } from '#core/release/intent.ts';
import { nameStatus } from '#core/release/name-status.ts';
import { formatHold, formatRelease, type HoldRecord, type Release } from '#core/release/trailer.ts';

const VERBS: Readonly<Record<Intent['kind'], string>> = {
  deploy: 'deploy',
  promotion: 'promote',
  rollback: 'roll back',
  hold: 'hold',
  release: 'release',
};

/** What the message says of an intent that lands. */
interface Landed {
  readonly intent: Pick<Intent, 'kind' | 'reason' | 'id' | 'run' | 'actor'>;
  readonly holds: readonly HoldRecord[];
}

/**
 * Returns the message of a commit that lands intents: a title that names what moved where, a body for people, and the
 * trailers for the pipeline.
 */
export function formatCommitMessage(landed: readonly Landed[], releases: readonly Release[]): string {
  const [first] = landed;
  if (first === undefined) throw new Error('a commit without an intent has no message');
  const holds = landed.flatMap(({ intent, holds: own }) => own.map((hold) => ({ intent, hold })));
  const reasons = [...new Set(landed.map(({ intent }) => intent.reason).filter((reason) => reason !== ''))];
  return [
    `${nameKind(landed)}(${listEnvironments(releases, holds)}): ${nameSubject(landed, releases, holds)}`,
    '',
    ...reasons.map((reason) => `Reason: ${oneLine(reason)}`),
    ...releases.map(
      ({ environment, image, from, to, source }) =>
        `${environment}/${image}\n  ${from ?? 'nothing'}\n  -> ${to}\n  verdict: ${nameStatus(environment, image)} on ${source.slice(0, 7)}`,
    ),
    ...holds.map(({ hold }) => describeHold(hold)),
    '',
    ...releases.map(formatRelease),
    ...holds.map(({ intent, hold }) => formatHold(hold, { ...intent, intent: intent.id })),
    '',
  ].join('\n');
}

function nameKind(landed: readonly Landed[]): string {
  const kinds = [...new Set(landed.map(({ intent }) => VERBS[intent.kind]))];
  return kinds.join(', ');
}

type IntentHold = { readonly intent: Landed['intent']; readonly hold: HoldRecord };

function listEnvironments(releases: readonly Release[], holds: readonly IntentHold[]): string {
  const names = [...releases.map(({ environment }) => environment), ...holds.map(({ hold }) => hold.environment)];
  return [...new Set(names)].join(', ');
}

function nameSubject(landed: readonly Landed[], releases: readonly Release[], holds: readonly IntentHold[]): string {
  const images = new Set([...releases.map(({ image }) => image), ...holds.map(({ hold }) => nameScope(hold))]);
  const names = images.size > 4 ? `${images.size} images` : [...images].join(', ');
  const sources = new Set(releases.map(({ source }) => source.slice(0, 7)));
  if (sources.size !== 1) return names;
  const word = landed.every(({ intent }) => intent.kind === 'rollback') ? 'to' : 'from';
  return `${names} ${word} ${[...sources].join()}`;
}

function nameScope({ image }: HoldRecord): string {
  return image === '*' ? 'everything' : image;
}

function describeHold({ environment, image, action, kind }: HoldRecord): string {
  const name = image === '*' ? environment : `${environment}/${image}`;
  return action === 'set' ? `${name} is held (${kind})` : `${name} is held no longer (${kind})`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
