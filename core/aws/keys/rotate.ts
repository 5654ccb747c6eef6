import { explainKeys, type KeyOwner } from '#core/aws/keys/explain.ts';
import { judgeKey, type KeyDescription, type KeySituation } from '#core/aws/keys/judge.ts';
import { describeError, Refusal } from '#core/values/errors.ts';

/** An access key as IAM gives it, once. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** IAM, the parameter store and the clock. */
export interface KeyPorts {
  readonly list: (user: string) => Promise<KeyDescription[]>;
  /** Undefined while IAM knows of no use. */
  readonly lastUsed: (id: string) => Promise<Date | undefined>;
  readonly create: (user: string) => Promise<AccessKey>;
  readonly remove: (user: string, id: string) => Promise<void>;
  /** Undefined while the parameter does not exist. */
  readonly read: (parameter: string) => Promise<string | undefined>;
  readonly write: (parameter: string, value: string) => Promise<void>;
  readonly now: () => Date;
}

/** How long a key must have been unused before it is removed, in hours. A nightly job uses it in two days, also as IAM tells it. */
export const QUIET_HOURS = 48;

/** How many access keys IAM allows a user: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html */
const MOST_KEYS = 2;

/**
 * Makes a second key and puts it where it is read from. It only adds: no key is removed or changed, so that a run that
 * ends anywhere leaves every key that worked. With two keys it refuses and says how to make room.
 */
export async function rotateKey(owner: KeyOwner, ports: KeyPorts): Promise<{ key: AccessKey; sentence: string }> {
  const situation = await readSituation(owner, QUIET_HOURS, ports);
  if (situation.keys.length >= MOST_KEYS) throw new Refusal(explainKeys(owner, situation));
  const key = await ports.create(owner.user);
  const value = JSON.stringify(owner.storesSecret ? toVariables(key) : { AWS_ACCESS_KEY_ID: key.id });
  try {
    await ports.write(owner.parameter, value);
  } catch (error) {
    throw new Refusal(
      `${owner.user} got the key ${key.id}, but ${owner.parameter} was not written (${describeError(error)}); every other key goes on working. This says how to go on:\n  ${owner.commands.rotate}`,
      { cause: error },
    );
  }
  const old = situation.keys.filter(({ isActive }) => isActive).map(({ id }) => id);
  const next =
    old.length === 0
      ? ''
      : `; ${old.join(', ')} goes on working. When it was not used for ${QUIET_HOURS} hours:\n  ${owner.commands.retire}`;
  return { key, sentence: `${owner.user} has the key ${key.id}${next}` };
}

/** Removes the keys that cannot be in use, and only those; returns what it did as a sentence, or refuses with why not. */
export async function retireKeys(owner: KeyOwner, quietHours: number, ports: KeyPorts): Promise<string> {
  const situation = await readSituation(owner, quietHours, ports);
  const { keys, stored } = situation;
  const [only] = keys;
  if (only !== undefined && keys.length === 1 && only.id === stored)
    return `${owner.user} has the key ${only.id} alone: nothing to retire`;
  const old = keys.filter((key) => judgeKey(key, situation).kind === 'removable').map(({ id }) => id);
  if (old.length === 0) throw new Refusal(explainKeys(owner, situation));
  for (const id of old) await ports.remove(owner.user, id);
  const left = keys.map(({ id }) => id).filter((id) => !old.includes(id));
  return `${owner.user} has the key ${left.join(', ')}; removed ${old.join(', ')}`;
}

/** The environment variables that AWS's SDKs read. */
export function toVariables(key: AccessKey): { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string } {
  return { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret };
}

/** The parameter is read first: a rotation in between then gives a key that is newer than all that is judged. */
async function readSituation(owner: KeyOwner, quietHours: number, ports: KeyPorts): Promise<KeySituation> {
  const stored = readId(await ports.read(owner.parameter));
  const described = await ports.list(owner.user);
  const keys = await Promise.all(described.map(async (key) => ({ ...key, lastUsedAt: await ports.lastUsed(key.id) })));
  return { keys, stored, now: ports.now(), quietHours };
}

function readId(value: string | undefined): string | undefined {
  return value === undefined ? undefined : /"AWS_ACCESS_KEY_ID"\s*:\s*"(\w+)"/.exec(value)?.[1];
}
