import { DOCKER_HUB, REGISTRY_DOMAIN } from '#core/registry/image-reference.ts';

/** The host of Docker Hub's API; references call the same registry `docker.io`. */
const DOCKER_HUB_API = 'registry-1.docker.io';

/** Every name of Docker Hub in references and in Docker's configuration. */
const DOCKER_HUB_NAMES: readonly string[] = [DOCKER_HUB, 'index.docker.io', DOCKER_HUB_API];

/** True for each name that Docker Hub has as a registry. */
export function isDockerHub(host: string): boolean {
  return DOCKER_HUB_NAMES.includes(host);
}

/** Returns the host that answers the API of the registry that references call `host`. */
export function apiHost(host: string): string {
  return isDockerHub(host) ? DOCKER_HUB_API : host;
}

/** Returns why no registry can be reached at a host, with what to write instead; undefined for one that can be. */
export function findHostFault(host: string): string | undefined {
  if (!REGISTRY_DOMAIN.test(host))
    return 'is not a registry host: write a name and, where it needs one, a port, such as registry.example.com:5000';
  const port = /:(\d+)$/.exec(host)?.[1];
  if (port !== undefined && (Number(port) < 1 || Number(port) > 65_535))
    return `has the port ${port}, which does not exist: ports go from 1 to 65535`;
  if (/^(hub|www)\.docker\.(io|com)$/.test(host)) return `is a web site of Docker's: its registry is ${DOCKER_HUB}`;
  const name = host.replace(/:\d+$/, '');
  if (!URL.canParse(`https://${name}`)) return 'is not a host: its address is not one of IPv4 or IPv6';
  const read = new URL(`https://${name}`).hostname; // 10.1 is 10.0.0.1 there
  const isOther = !name.startsWith('[') && read !== name.toLowerCase();
  return isOther ? `is not a host: a client reads it as ${read}; write that, or its name` : undefined;
}

/** True for addresses that never leave this machine; Docker speaks plain HTTP to them, and so do we. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').toLowerCase();
  return name === 'localhost' || name === '[::1]' || /^127(?:\.\d{1,3}){3}$/.test(name);
}
