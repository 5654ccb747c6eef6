import {
  findStored,
  judgeKey,
  type KeySituation,
  type KeyUse,
  quietSince,
  type Reason,
  type Verdict,
} from '#core/aws/keys/judge.ts';

/** The user that a key is of, and the parameter that says which key is in use. */
export interface KeyOwner {
  readonly user: string;
  /** Name of a SecureString: the key itself where `storesSecret`, else only its id. */
  readonly parameter: string;
  /** False where the secret is printed once and kept by the cluster alone. */
  readonly storesSecret: boolean;
  /** What a person types, for the ends of sentences. */
  readonly commands: { readonly rotate: string; readonly retire: string; readonly lookUp: string };
}

/**
 * Returns why the keys stay as they are and how to go on: sentences, and each command in an indented line of its own.
 * No command in it stops a key that IAM saw in use within the quiet hours.
 */
export function explainKeys(owner: KeyOwner, situation: KeySituation): string {
  const { keys } = situation;
  const list = keys.map((key) => describeKey(key, situation)).join('; ');
  return [`${owner.user} has ${list}.`, ...remedyFor(owner, situation)].join('\n');
}

function describeKey(key: KeyUse, { stored }: KeySituation): string {
  const used = key.lastUsedAt === undefined ? 'no use known' : `last used ${key.lastUsedAt.toISOString()}`;
  const named = key.id === stored ? ', the one in the parameter' : '';
  return `${key.id} (${key.isActive ? '' : 'inactive, '}made ${key.createdAt.toISOString()}, ${used}${named})`;
}

function remedyFor(owner: KeyOwner, situation: KeySituation): string[] {
  const { keys } = situation;
  const judged = keys.map((key) => ({ key, verdict: judgeKey(key, situation) }));
  const removable = judged.filter(({ verdict }) => verdict.kind === 'removable').map(({ key }) => key.id);
  if (removable.length > 0)
    return [
      `${removable.join(', ')} is not in use: remove it, then rotate.`,
      ...typed(owner.commands.retire, owner.commands.rotate),
    ];
  const kept = judged.find(({ verdict }) => reasonOf(verdict) !== 'stored') ?? judged[0];
  const reason = kept === undefined ? undefined : reasonOf(kept.verdict);
  if (kept === undefined || reason === undefined) return ['Make one:', ...typed(owner.commands.rotate)];
  return REMEDIES[reason](owner, kept.key, situation);
}

function reasonOf(verdict: Verdict): Reason | undefined {
  return verdict.kind === 'kept' ? verdict.reason : undefined;
}

const REMEDIES: Readonly<Record<Reason, (owner: KeyOwner, key: KeyUse, situation: KeySituation) => string[]>> = {
  stored: (owner) => ['It is the only one. For a second one:', ...typed(owner.commands.rotate)],
  'no other is active': (owner, key) => [
    'None is active. Make the one active that is in use; the other can then be removed:',
    ...typed(setStatus(owner, key.id, 'Active'), owner.commands.retire),
  ],
  'the stored one is unknown': explainUnknown,
  'the stored one is inactive': (owner, _key, situation) => [
    `${owner.parameter} names ${situation.stored}, which is inactive. Make it active again, or remove it and rotate:`,
    ...typed(setStatus(owner, situation.stored ?? '', 'Active')),
    'or',
    ...typed(owner.commands.retire, owner.commands.rotate),
  ],
  'the stored one is not used yet': explainUnused,
  'never used': (owner, key) => [
    `Nothing was seen to use ${key.id}, and ${owner.parameter} does not name it: an interrupted rotation leaves such a key, whose secret is lost.`,
    'A use is known hours later. If nothing has this key, make it inactive (Active takes that back) and remove it:',
    ...typed(setStatus(owner, key.id, 'Inactive'), owner.commands.retire),
  ],
  'used lately': (owner, key, situation) => [
    `${key.id} was used less than ${situation.quietHours} hours ago, and a use is known hours later. If it is not used again, remove it after ${quietSince(key, situation).toISOString()}:`,
    ...typed(owner.commands.retire),
  ],
  'used last': (owner, key, situation) => [
    `${key.id} was used after ${situation.stored}, the one in ${owner.parameter}. When what uses it has the one in the parameter:`,
    ...typed(owner.commands.retire),
  ],
};

/** The parameter is lost, or names a key that is gone: which one is in use, only its last use can tell. */
function explainUnknown(owner: KeyOwner, _key: KeyUse, situation: KeySituation): string[] {
  const { keys, stored, now } = situation;
  const cause = `${owner.parameter} names ${stored ?? 'no key'}, which is none of ${owner.user}'s, so that it is not known which key is in use.`;
  if (keys.length < 2) return [`${cause} Make another; this one goes on working:`, ...typed(owner.commands.rotate)];
  const idlest = keys.reduce((one, other) => (lastUse(other) < lastUse(one) ? other : one));
  if (quietSince(idlest, situation) > now)
    return [
      `${cause} Both were used lately. Stop one use of them, and ask again after ${quietSince(idlest, situation).toISOString()}:`,
      ...typed(owner.commands.rotate),
    ];
  return [
    `${cause} If nothing has ${idlest.id}, make it inactive (Active takes that back), remove it and rotate:`,
    ...typed(setStatus(owner, idlest.id, 'Inactive'), owner.commands.retire, owner.commands.rotate),
  ];
}

/** The new key is not used, or not yet seen to be. Where only the cluster has the secret, it may have been lost. */
function explainUnused(owner: KeyOwner, key: KeyUse, situation: KeySituation): string[] {
  const stored = findStored(situation)?.id ?? '';
  const cause = `Nothing was seen to use ${stored}, the newest, and a use is known hours later. ${key.id} goes on working.`;
  if (owner.storesSecret)
    return [`${cause} When what reads ${owner.parameter} uses it:`, ...typed(owner.commands.retire)];
  return [
    `${cause} Ask the cluster which key it has:`,
    ...typed(owner.commands.lookUp),
    `If that is not ${stored}, its secret is lost: make it inactive, remove it and rotate:`,
    ...typed(setStatus(owner, stored, 'Inactive'), owner.commands.retire, owner.commands.rotate),
    `If it is ${stored}, wait until its use is known:`,
    ...typed(owner.commands.retire),
  ];
}

function lastUse({ lastUsedAt }: KeyUse): number {
  return lastUsedAt?.getTime() ?? 0;
}

function setStatus({ user }: KeyOwner, id: string, status: 'Active' | 'Inactive'): string {
  return `aws iam update-access-key --user-name ${user} --access-key-id ${id} --status ${status}`;
}

function typed(...commands: readonly string[]): string[] {
  return commands.map((command) => `  ${command}`);
}
