import { InputError } from '#core/values/errors.ts';
import { type Digest, isDigest } from '#core/values/reference.ts';

/** An image reference taken apart, Docker Hub's short forms written out. */
export interface ImageName {
  /** Host of the registry's API: `registry-1.docker.io` for Docker Hub. */
  readonly host: string;
  readonly repository: string;
  /** Undefined when there is a digest and no tag. */
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
  /** Everything before the tag or digest, as it was written. */
  readonly name: string;
}

const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;

/**
 * Returns the parts of `node:24`, `host:5000/team/bot@sha256:…` and the like by Docker's rules: a first part with a
 * dot or a colon, or `localhost`, is a host; anything else is on Docker Hub. Refuses anything else.
 */
export function parseImageName(input: string, text: string): ImageName {
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  const tagged = at < 0 ? text : text.slice(0, at);
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  const name = colon < 0 ? tagged : tagged.slice(0, colon);
  const tag = colon < 0 ? undefined : tagged.slice(colon + 1);
  const place = locate(name);
  const isRight =
    HOST.test(place.host) &&
    REPOSITORY.test(place.repository) &&
    (tag === undefined || TAG.test(tag)) &&
    (digest === undefined || isDigest(digest));
  if (!isRight) throw new InputError(input, text, 'is not an image reference: expected name:tag or name@sha256:…');
  return {
    ...place,
    name,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest: digest as Digest | undefined,
  }; // the check above is the type
}

function locate(name: string): { host: string; repository: string } {
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:]/.test(first) || first === 'localhost';
  if (!isHost) return { host: 'registry-1.docker.io', repository: slash < 0 ? `library/${name}` : name };
  const repository = name.slice(slash + 1);
  if (first !== 'docker.io' && first !== 'index.docker.io') return { host: first, repository };
  return { host: 'registry-1.docker.io', repository: repository.includes('/') ? repository : `library/${repository}` };
}

/** True for addresses that never leave this machine; Docker speaks plain HTTP to them, and so do we. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
