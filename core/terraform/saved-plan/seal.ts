import { createCipheriv, createDecipheriv, randomBytes, scryptSync } from 'node:crypto';
import { gunzipSync, gzipSync } from 'node:zlib';
import { InputError } from '#core/values/errors.ts';

/** The first bytes of a sealed file: what it is, and the version of its form. They are authenticated with the rest. */
const MAGIC = Buffer.from('slipway-sealed-1\n', 'latin1');
const [SALT, NONCE, TAG, KEY] = [16, 12, 16, 32];
/** 32 MiB and some 80 ms for each guess at the passphrase. */
const COST = { N: 2 ** 15, r: 8, p: 1, maxmem: 64 * 1024 * 1024 };
/** Characters of a passphrase that cannot be guessed: `openssl rand -base64 32` gives 44. */
const SHORTEST_KEY = 20;

/** Returns the passphrase of sealed files, checked; empty where there is none, as in a fork's run. */
export function parseKey(input: string, text: string): string {
  if (text === '' || text.length >= SHORTEST_KEY) return text;
  // the value itself is a secret
  throw new InputError(
    input,
    `${text.length} characters`,
    `is too short to protect a plan: store what openssl rand -base64 32 prints as a secret of the environment`,
  );
}

/** Returns bytes compressed, encrypted and authenticated (AES-256-GCM, the key by scrypt with a salt of its own). */
export function seal(bytes: Uint8Array, passphrase: string): Buffer {
  const [salt, nonce] = [randomBytes(SALT), randomBytes(NONCE)];
  const cipher = createCipheriv('aes-256-gcm', deriveKey(passphrase, salt), nonce, { authTagLength: TAG });
  cipher.setAAD(Buffer.concat([MAGIC, salt]));
  const sealed = Buffer.concat([cipher.update(gzipSync(bytes)), cipher.final()]);
  return Buffer.concat([MAGIC, salt, nonce, cipher.getAuthTag(), sealed]);
}

/** Returns what was sealed; undefined for a file that is damaged, or sealed with another passphrase. */
export function unseal(file: Uint8Array, passphrase: string): Buffer | undefined {
  const bytes = Buffer.from(file);
  const start = MAGIC.length + SALT + NONCE + TAG;
  if (bytes.length < start || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const salt = bytes.subarray(MAGIC.length, MAGIC.length + SALT);
  const nonce = bytes.subarray(MAGIC.length + SALT, start - TAG);
  const decipher = createDecipheriv('aes-256-gcm', deriveKey(passphrase, salt), nonce, { authTagLength: TAG });
  decipher.setAAD(Buffer.concat([MAGIC, salt]));
  decipher.setAuthTag(bytes.subarray(start - TAG, start));
  try {
    return gunzipSync(Buffer.concat([decipher.update(bytes.subarray(start)), decipher.final()]));
  } catch {
    return undefined; // the tag does not fit: node says no more than that
  }
}

function deriveKey(passphrase: string, salt: Buffer): Buffer {
  return scryptSync(passphrase, salt, KEY, COST);
}
