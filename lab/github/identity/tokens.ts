import { randomBytes } from 'node:crypto';
import type { App, Apps } from '#lab/github/identity/apps.ts';
import type { Permissions } from '#lab/github/identity/permissions.ts';

/** Whom a token speaks for. */
export type Bearer =
  | { readonly kind: 'user'; readonly login: string }
  /** `app`: the slug of the GitHub App whose installation token the job uses; without it, the job's own token. */
  | { readonly kind: 'job'; readonly permissions: Permissions; readonly runId: number; readonly app?: string }
  /** A GitHub App by a token that it signed itself: all that it may do is ask for a token of its installation. */
  | { readonly kind: 'app'; readonly app: App };

/** Whose a job's own token is. */
export const JOB_LOGIN = 'github-actions[bot]';

/** Returns the login that GitHub shows for a bearer. */
export function loginOf(bearer: Bearer): string {
  if (bearer.kind === 'user') return bearer.login;
  if (bearer.kind === 'app') return bearer.app.slug;
  return bearer.app === undefined ? JOB_LOGIN : `${bearer.app}[bot]`;
}

/** The tokens that the server knows. */
export interface Tokens {
  issue(bearer: Bearer): string;
  revoke(token: string): void;
  /** Returns the bearer of an Authorization header: Basic with the token as password, or Bearer. */
  authenticate(header: string | undefined): Bearer | undefined;
}

/** Makes an empty store of tokens; `apps` are those whose own signature is believed. */
export function createTokens(apps?: Apps): Tokens {
  const bearers = new Map<string, Bearer>();
  return {
    issue: (bearer) => {
      const token = `${bearer.kind === 'user' ? 'ghp' : 'ghs'}_${randomBytes(18).toString('hex')}`;
      bearers.set(token, bearer);
      return token;
    },
    revoke: (token) => {
      bearers.delete(token);
    },
    authenticate: (header = '') => {
      const [scheme = '', value = ''] = header.split(' ');
      if (/^basic$/i.test(scheme))
        return bearers.get(
          Buffer.from(value, 'base64')
            .toString('utf8')
            .replace(/^[^:]*:/, ''),
        );
      if (!/^(bearer|token)$/i.test(scheme)) return undefined;
      const app = apps?.verify(value);
      return app === undefined ? bearers.get(value) : { kind: 'app', app };
    },
  };
}

/** True when the bearer may do this to the repository's contents. */
export function mayAccessContents(bearer: Bearer | undefined, wanted: 'read' | 'write'): boolean {
  if (bearer === undefined || bearer.kind === 'app') return false;
  if (bearer.kind === 'user') return true;
  return bearer.permissions.contents === 'write' || (wanted === 'read' && bearer.permissions.contents === 'read');
}
