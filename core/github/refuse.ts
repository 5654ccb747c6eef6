import { z } from 'zod';
import type { Request } from '#core/github/client.ts';
import type { Answer } from '#core/github/limits.ts';
import { Refusal } from '#core/values/errors.ts';

/** GitHub understands the request and cannot do it, such as a status on a commit that does not exist. Neither a missing right nor an outage. */
export class NotTaken extends Refusal {}

const said = z.object({
  message: z.string().default(''),
  errors: z.array(z.object({ message: z.string().optional() }).or(z.string())).optional(),
});

/** Returns what GitHub's refusal of a request means, in one sentence with its remedy. */
export function refuse({ what, right }: Request, { status, headers, body }: Answer): Refusal {
  const words = wordsIn(body);
  const answer = `${what}: HTTP ${status}${words === '' ? '' : ` ${words}`}`;
  if (status === 401)
    return new Refusal(`GitHub does not know the token (${answer}): pass one of this server that has not expired`);
  if (status === 403 && /\blocked\b/i.test(words))
    return new Refusal(`the conversation is locked (${answer}): unlock it on its page, then run the job again`);
  if (status === 410 && /disabled/i.test(words))
    return new Refusal(`issues are turned off in this repository (${answer}): ${TURN_ON}`);
  if (status === 403)
    return new Refusal(`GitHub does not let this token do it (${answer}${asked(headers)}): ${give(right)}`);
  if (status === 404)
    return new Refusal(`GitHub shows this token no such thing (${answer}): check what is named, or ${give(right)}`);
  if (status < 400)
    return new Refusal(
      `GitHub sends this request elsewhere, where the token does not follow (${answer}): name the repository as it is called now`,
    );
  if (/too long/i.test(words)) return new Refusal(`GitHub does not take it (${answer}): make the text shorter`);
  return new NotTaken(`GitHub does not take it (${answer})`);
}

const TURN_ON = 'turn them on in its settings, under Features';

function give(right: string): string {
  const given = `give the job \`permissions: ${right}\``;
  return right.startsWith('issues:') ? `${given}; where issues are turned off, ${TURN_ON}` : given;
}

function asked(headers: Headers): string {
  const accepted = headers.get('x-accepted-github-permissions') ?? '';
  return accepted === '' ? '' : `; GitHub asks for ${accepted}`;
}

function wordsIn(body: unknown): string {
  const { message = '', errors = [] } = said.safeParse(body).data ?? {};
  const more = errors.map((error) => (typeof error === 'string' ? error : (error.message ?? ''))).filter(Boolean);
  return [message, ...more].filter(Boolean).join(': ');
}
