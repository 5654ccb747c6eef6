import { generateKeyPairSync, type KeyObject, verify } from 'node:crypto';
import { z } from 'zod';
import { computePermissions, type Permissions } from '#lab/github/identity/permissions.ts';

/** A GitHub App that is installed in the repository. */
export interface App {
  readonly id: number;
  /** Its account is `<slug>[bot]`. */
  readonly slug: string;
  readonly installation: number;
  /** What its owner granted. */
  readonly permissions: Permissions;
  /** The same, as it was written: `statuses: write`. */
  readonly granted: Readonly<Record<string, string>>;
}

/** The App and the key that only its owner has. */
export interface RegisteredApp extends App {
  /** PEM; shown once, when it is made. */
  readonly privateKey: string;
}

/** The Apps that the server knows. */
export interface Apps {
  register(slug: string, permissions: Readonly<Record<string, string>>): RegisteredApp;
  /** Returns the App that signed a token for itself; undefined for what is not one, is not its own, or is not valid now. */
  verify(token: string): App | undefined;
}

const FIRST_ID = 400_001;
const FIRST_INSTALLATION = 500_001;
/** "The maximum expiration time is 10 minutes". */
const LIVES_SECONDS = 600;
/** Clocks differ by so much. */
const SKEW_SECONDS = 60;

const claims = z.object({ iss: z.union([z.string(), z.number()]), iat: z.number(), exp: z.number() });

/**
 * Makes an empty list of Apps.
 * https://docs.github.com/en/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
export function createApps(now: () => Date): Apps {
  const keys = new Map<string, { app: App; key: KeyObject }>();
  return {
    register: (slug, granted) => {
      const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
      const app = {
        ...{ slug, granted, permissions: computePermissions({}, granted) },
        ...{ id: FIRST_ID + keys.size, installation: FIRST_INSTALLATION + keys.size },
      };
      keys.set(String(app.id), { app, key: pair.publicKey });
      return { ...app, privateKey: pair.privateKey.export({ type: 'pkcs1', format: 'pem' }).toString() };
    },
    verify: (token) => {
      const [head = '', body = '', signature = '', ...rest] = token.split('.');
      if (signature === '' || rest.length > 0) return undefined;
      const { success, data } = claims.safeParse(readPart(body));
      const known = success ? keys.get(String(data.iss)) : undefined;
      if (!success || known === undefined || !isRs256(readPart(head))) return undefined;
      const seconds = now().getTime() / 1000;
      const isValid =
        data.iat <= seconds + SKEW_SECONDS && data.exp > seconds && data.exp <= seconds + LIVES_SECONDS + SKEW_SECONDS;
      const isSigned = verify('sha256', Buffer.from(`${head}.${body}`), known.key, Buffer.from(signature, 'base64url'));
      return isValid && isSigned ? known.app : undefined;
    },
  };
}

function isRs256(head: unknown): boolean {
  return z.looseObject({ alg: z.literal('RS256') }).safeParse(head).success;
}

function readPart(part: string): unknown {
  try {
    return JSON.parse(Buffer.from(part, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
