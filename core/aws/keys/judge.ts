/** An access key without its secret, as IAM describes it. */
export interface KeyDescription {
  readonly id: string;
  readonly createdAt: Date;
  /** False for a key that was made inactive: AWS refuses whatever is signed with it, until it is made active again. */
  readonly isActive: boolean;
}

/** A key and its last use; undefined while IAM knows of none. */
export interface KeyUse extends KeyDescription {
  readonly lastUsedAt: Date | undefined;
}

/** What a user's keys are judged by. */
export interface KeySituation {
  readonly keys: readonly KeyUse[];
  /** The id that the parameter names; undefined where it names none. */
  readonly stored: string | undefined;
  readonly now: Date;
  /** How long a key must have been unused before it is removed. */
  readonly quietHours: number;
}

/** Why a key stays. */
export type Reason =
  | 'stored'
  | 'no other is active'
  | 'the stored one is unknown'
  | 'the stored one is inactive'
  | 'the stored one is not used yet'
  | 'never used'
  | 'used lately'
  | 'used last';

/** What may be done with a key. */
export type Verdict = { readonly kind: 'removable' } | { readonly kind: 'kept'; readonly reason: Reason };

const HOUR_MS = 3_600_000;

/**
 * Returns whether a key may be removed. Only what cannot be in use may: a key that is inactive, beside an active one;
 * or one that was last used before the stored key was, and not within the quiet hours before now. IAM tells the last
 * use, hours late, and neither the first use nor that there was none: a key without a known use stays.
 * https://docs.aws.amazon.com/IAM/latest/APIReference/API_AccessKeyLastUsed.html
 */
export function judgeKey(key: KeyUse, situation: KeySituation): Verdict {
  const reason = findReason(key, situation);
  return reason === undefined ? { kind: 'removable' } : { kind: 'kept', reason };
}

function findReason(key: KeyUse, situation: KeySituation): Reason | undefined {
  const { keys, now } = situation;
  if (!key.isActive)
    return keys.some(({ id, isActive }) => id !== key.id && isActive) ? undefined : 'no other is active';
  const stored = findStored(situation);
  if (stored === undefined) return 'the stored one is unknown';
  if (stored.id === key.id) return 'stored';
  if (!stored.isActive) return 'the stored one is inactive';
  if (stored.lastUsedAt === undefined) return 'the stored one is not used yet';
  if (key.lastUsedAt === undefined) return 'never used';
  if (quietSince(key, situation) > now) return 'used lately';
  return key.lastUsedAt < stored.lastUsedAt ? undefined : 'used last';
}

/** Returns the user's key that the parameter names. */
export function findStored({ keys, stored }: KeySituation): KeyUse | undefined {
  return keys.find(({ id }) => id === stored);
}

/** Returns when a key will have been unused for the quiet hours, if it is not used again. */
export function quietSince({ lastUsedAt }: KeyUse, { quietHours }: KeySituation): Date {
  return new Date((lastUsedAt?.getTime() ?? 0) + quietHours * HOUR_MS);
}
