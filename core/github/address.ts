import { isLoopback } from '#core/registry/host.ts';
import { InputError } from '#core/values/errors.ts';

/** Refuses an address of GitHub's API that is not https, nor of this machine: anyone on the way would see the token. */
export function checkAddress(name: string, url: string): void {
  const { protocol, host } = URL.canParse(url) ? new URL(url) : { protocol: '', host: '' };
  if (protocol !== 'https:' && !(protocol === 'http:' && isLoopback(host)))
    throw new InputError(name, url, 'is not an https address');
}

/** Returns the two parts of `owner/name`, or refuses what has not this form. */
export function parseRepository(text: string): { readonly owner: string; readonly repo: string } {
  const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(text) ?? [];
  if (owner !== undefined && repo !== undefined) return { owner, repo };
  throw new InputError('repository', text, 'is not a repository: expected owner/name');
}
