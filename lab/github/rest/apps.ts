import { z } from 'zod';
import { computePermissions } from '#lab/github/identity/permissions.ts';
import type { Tokens } from '#lab/github/identity/tokens.ts';
import { type Answer, type Call, type Handlers, type RestContext, refuse } from '#lab/github/rest/call.ts';

const wanted = z.object({ permissions: z.record(z.string(), z.enum(['read', 'write'])).optional() });

const LIVES_MS = 3_600_000;

/** Tokens of an App's installation. https://docs.github.com/en/rest/apps/apps#create-an-installation-access-token-for-an-app */
export function appHandlers(context: RestContext, tokens: Tokens): Handlers {
  return { 'apps/create-installation-access-token': (call) => createToken(context, tokens, call) };
}

/** A token may have less than the installation, never more; it lives an hour. */
function createToken(context: RestContext, tokens: Tokens, { bearer, parameters, body }: Call): Answer {
  if (bearer.kind !== 'app' || bearer.app.installation !== parameters['installation_id'])
    return refuse(404, 'Not Found');
  const { slug, granted } = bearer.app;
  const { permissions = granted } = wanted.parse(body);
  const isMore = Object.entries(permissions).some(
    ([name, right]) => granted[name] !== right && granted[name] !== 'write',
  );
  if (isMore) return refuse(422, 'The permissions requested are not granted to this installation.');
  const token = tokens.issue({ kind: 'job', app: slug, runId: 0, permissions: computePermissions({}, permissions) });
  setTimeout(() => tokens.revoke(token), LIVES_MS).unref();
  const expires_at = new Date(context.now().getTime() + LIVES_MS).toISOString();
  return { status: 201, body: { token, expires_at, permissions, repository_selection: 'selected' } };
}
