import { apiHost, findHostFault } from '#core/registry/host.ts';
import { parseReference } from '#core/registry/image-reference.ts';
import { InputError, quote } from '#core/values/errors.ts';
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

/**
 * Returns the parts of `node:24`, `host:5000/team/bot@sha256:…` and the like; refuses what is not a reference by
 * Docker's rules, and what names a registry that no client can reach.
 */
export function parseImageName(input: string, text: string): ImageName {
  const reference = parseReference(text);
  if (typeof reference === 'string') throw new InputError(input, text, reference);
  const { domain, path, tag, digest } = reference;
  const host = domain || (text.split('/')[0] ?? '');
  const fault = findHostFault(host);
  if (fault !== undefined) throw new InputError(input, text, `names ${quote(host)} as its registry, which ${fault}`);
  return {
    host: apiHost(domain),
    repository: path,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest: digest !== undefined && isDigest(digest) ? digest : undefined,
    name: withoutTag(text),
  };
}

function withoutTag(text: string): string {
  const [tagged = ''] = text.split('@');
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  return colon < 0 ? tagged : tagged.slice(0, colon);
}
