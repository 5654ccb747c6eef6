import { isDigest } from '#core/values/reference.ts';

/** A reference to an image by the grammar of github.com/distribution/reference, with Docker Hub's short forms written out. */
export interface ImageReference {
  /** `docker.io` where none is written; empty for `a_b.example/app`, whose first part is neither a host nor on Docker Hub. */
  readonly domain: string;
  /** Without the domain; `library/` is written out on Docker Hub. */
  readonly path: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** The name that references give Docker Hub. */
export const DOCKER_HUB = 'docker.io';
const LEGACY_DOCKER_HUB = 'index.docker.io';

/** Characters that a path may have, without its domain. */
export const LONGEST_PATH = 255;

const COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const LABEL = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(?:(${DOMAIN})/)?(${PATH})(?::(\\w[\\w.-]{0,127}))?(?:@(${DIGEST}))?$`);

/** A path of repositories: the form that an image's name has in any registry. */
export const REPOSITORY_PATH = new RegExp(`^${PATH}$`);
/** A registry's host and, where it is written, its port. */
export const REGISTRY_DOMAIN = new RegExp(`^${DOMAIN}$`);

/** Returns the parts of a reference, or what is wrong with it. */
export function parseReference(text: string): ImageReference | string {
  if (/^[0-9a-f]{64}$/.test(text))
    return 'is 64 hex digits, which Docker takes for the id of an image: write its name before a digest, name@sha256:…';
  const { domain, rest } = splitDomain(text);
  const [written = ''] = rest.split(':');
  if (written !== written.toLowerCase()) return 'has a repository with capital letters: write it in lower case';
  const [, host = '', path, tag, digest] = REFERENCE.exec(`${domain}/${rest}`) ?? [];
  if (path === undefined) return 'is not an image reference: expected name:tag or name@sha256:…';
  if (path.length > LONGEST_PATH)
    return `has a repository of ${path.length} characters: at most ${LONGEST_PATH} are allowed`;
  if (digest !== undefined && !isDigest(digest))
    return 'is not an image reference: its digest is not sha256: and 64 lower-case hex digits';
  return { domain: host, path, tag, digest };
}

/**
 * The first part is a domain when it has a dot, a colon or a capital letter, or when it is `localhost`; anything else
 * is on Docker Hub. A name of one part never has a domain: `host:5000` is the tag 5000 of `host`.
 */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  if (slash < 0) return { domain: DOCKER_HUB, rest: `library/${text}` };
  const first = text.slice(0, slash);
  const isDomain = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const domain = isDomain && first !== LEGACY_DOCKER_HUB ? first : DOCKER_HUB;
  const rest = isDomain ? text.slice(slash + 1) : text;
  return { domain, rest: domain === DOCKER_HUB && !rest.includes('/') ? `library/${rest}` : rest };
}
