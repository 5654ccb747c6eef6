import { Refusal } from '#core/values/errors.ts';

/** An access key without its secret. */
export interface KeyDescription {
  readonly id: string;
  readonly createdAt: Date;
}

/** An access key as IAM gives it, once. */
export interface AccessKey {
  readonly id: string;
  readonly secret: string;
}

/** The user that a key is of, and the parameter that says which key is in use. */
export interface KeyOwner {
  readonly user: string;
  /** Name of a SecureString. The bot's holds the key itself, the cluster's only its id. */
  readonly parameter: string;
}

/** IAM and the parameter store. */
export interface KeyPorts {
  readonly list: (user: string) => Promise<KeyDescription[]>;
  readonly create: (user: string) => Promise<AccessKey>;
  readonly remove: (user: string, id: string) => Promise<void>;
  /** Undefined while the parameter does not exist. */
  readonly read: (parameter: string) => Promise<string | undefined>;
  readonly write: (parameter: string, value: string) => Promise<void>;
}

/**
 * Makes a second key and puts it where it is read from; the first goes on working until {@link retireKeys}, so that
 * there is no gap. A key that an interrupted run made and did not store is removed first. IAM allows a user two keys:
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
 */
export async function rotateKey(
  owner: KeyOwner,
  storesSecret: boolean,
  ports: KeyPorts,
): Promise<{ key: AccessKey; sentence: string }> {
  const [keys, stored] = await Promise.all([ports.list(owner.user), readStored(owner, ports)]);
  const inUse = keys.find(({ id }) => id === stored);
  const others = keys.filter(({ id }) => id !== stored);
  // made after the one in use, and never handed out: its secret is lost
  const lost = others.filter(({ createdAt }) => inUse === undefined || createdAt >= inUse.createdAt);
  if (others.length > lost.length)
    throw new Refusal(
      `${owner.user} still has the key ${others[0]?.id} from before the last rotation: when nothing uses it any more, run retire, then rotate again`,
    );
  for (const { id } of lost) await ports.remove(owner.user, id);
  const key = await ports.create(owner.user);
  await ports.write(owner.parameter, JSON.stringify(storesSecret ? toVariables(key) : { AWS_ACCESS_KEY_ID: key.id }));
  const next = inUse === undefined ? '' : `; ${inUse.id} goes on working until you run retire`;
  return { key, sentence: `${owner.user} has the key ${key.id}${next}` };
}

/** Removes every key but the one that is stored; returns what it did as a sentence. */
export async function retireKeys(owner: KeyOwner, ports: KeyPorts): Promise<string> {
  const [keys, stored] = await Promise.all([ports.list(owner.user), readStored(owner, ports)]);
  if (!keys.some(({ id }) => id === stored))
    throw new Refusal(
      `${owner.parameter} names ${stored ?? 'no key'}, which is none of ${owner.user}'s: run rotate first, so that one is left`,
    );
  const old = keys.filter(({ id }) => id !== stored);
  for (const { id } of old) await ports.remove(owner.user, id);
  return old.length === 0
    ? `${owner.user} has the key ${stored} alone: nothing to retire`
    : `${owner.user} has the key ${stored}; removed ${old.map(({ id }) => id).join(', ')}`;
}

/** The environment variables that AWS's SDKs read. */
export function toVariables(key: AccessKey): { AWS_ACCESS_KEY_ID: string; AWS_SECRET_ACCESS_KEY: string } {
  return { AWS_ACCESS_KEY_ID: key.id, AWS_SECRET_ACCESS_KEY: key.secret };
}

async function readStored({ parameter }: KeyOwner, ports: KeyPorts): Promise<string | undefined> {
  const value = await ports.read(parameter);
  return value === undefined ? undefined : /"AWS_ACCESS_KEY_ID":"(\w+)"/.exec(value)?.[1];
}
