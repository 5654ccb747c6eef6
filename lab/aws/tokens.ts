import { randomBytes } from 'node:crypto';

/** How long ECR's tokens live. */
export const TOKEN_LIFE_MS = 12 * 60 * 60 * 1000;

/** A login for the registry, as ECR hands it out. */
export interface RegistryToken {
  /** base64 of `AWS:<password>`: what GetAuthorizationToken calls authorizationToken. */
  readonly token: string;
  readonly expiresAt: Date;
}

/** The tokens that ECR's registry accepts. */
export interface Tokens {
  issue(): RegistryToken;
  /** Judges an Authorization header. */
  judge(header: string | undefined): 'valid' | 'expired' | 'missing' | 'wrong';
  /** How long the tokens live that are handed out from now on, in milliseconds. */
  setLife(milliseconds: number): void;
  /** Makes every token that was handed out so far an expired one. */
  expireAll(): void;
}

/** Returns an empty set of tokens that expire after {@link TOKEN_LIFE_MS} of `now`, or what is set. */
export function createTokens(now: () => number = Date.now): Tokens {
  const expiry = new Map<string, number>();
  let life = TOKEN_LIFE_MS;
  return {
    issue: () => {
      const token = Buffer.from(`AWS:${randomBytes(48).toString('base64url')}`).toString('base64');
      const expiresAt = now() + life;
      expiry.set(token, expiresAt);
      return { token, expiresAt: new Date(expiresAt) };
    },
    judge: (header) => {
      const token = header?.match(/^basic +([A-Za-z0-9+/=]+)$/i)?.[1];
      if (token === undefined) return header === undefined ? 'missing' : 'wrong';
      const expiresAt = expiry.get(token);
      if (expiresAt === undefined) return 'wrong';
      return expiresAt > now() ? 'valid' : 'expired';
    },
    setLife: (milliseconds) => {
      life = milliseconds;
    },
    expireAll: () => {
      for (const token of expiry.keys()) expiry.set(token, 0);
    },
  };
}
