import type { Intent } from '#core/release/intent.ts';
import { formatIntent, parseIntent } from '#core/release/intent-file.ts';
import { decode, encode, readTrailers } from '#core/release/trailer.ts';

const KEY = 'Slipway-Intent: ';

/** Returns the message of a commit that is proposed: with the intents that it lands, so that they can be decided again. */
export function withIntents(message: string, intents: readonly Intent[]): string {
  const lines = intents.map((intent) => `${KEY}${encode(formatIntent(intent))}\n`);
  return `${message.trimEnd()}\n${lines.join('')}`;
}

/** Returns the intents of a proposed commit; those for other environments than its own do not count. */
export function readIntents(message: string, environment: string): Intent[] {
  return readTrailers(message, KEY).flatMap((value) => {
    const intent = parseIntent(decode(value));
    return intent !== undefined && isFor(intent, environment) ? [intent] : [];
  });
}

function isFor(intent: Intent, environment: string): boolean {
  if (intent.kind !== 'deploy') return intent.environment === environment;
  return intent.environments?.length === 1 && intent.environments[0] === environment;
}

/** True where two intents of one environment are about an image in common; `*` is all of them. */
export function isAboutSame(one: Intent, other: Intent): boolean {
  const [own, others] = [imagesOf(one), imagesOf(other)];
  return own.includes('*') || others.includes('*') || own.some((image) => others.includes(image));
}

function imagesOf(intent: Intent): readonly string[] {
  return intent.kind === 'hold' || intent.kind === 'release' ? [intent.image] : [...intent.images.keys()];
}
