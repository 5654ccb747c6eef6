import { expect } from '@jest/globals';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import { checkPullable, type PullFault } from '#core/registry/pullable.ts';
import type { Registry } from '#core/registry/registry.ts';
import type { Digest } from '#core/values/reference.ts';
import { createTestClock } from '#tests/support/clock.ts';
import type { TestRegistry } from '#tests/support/registry.ts';

export const ABSENT: Digest = `sha256:${'e'.repeat(64)}`;
/** What the nodes run. */
export const NODE = { os: 'linux', architecture: 'amd64' };
export const ARM = { os: 'linux', architecture: 'arm64', variant: 'v8' };

/** Returns a client without a login, whose pauses take no time. */
export function open(server: TestRegistry): Registry {
  return openOciRegistry(server.host, { clock: createTestClock(), random: () => 0, environment: {}, mask: () => {} });
}

/** Asks whether a node can pull the image `bot` of a digest. */
export function check(server: TestRegistry, digest: Digest, registry = open(server)): Promise<PullFault | undefined> {
  return checkPullable(registry, { repository: 'bot', digest }, NODE);
}

/** Returns what the registry was asked: `HEAD blobs/sha256:…`. */
export function listAsked(server: TestRegistry): string[] {
  return server.requests.map(({ method, path }) => `${method} ${path.replace('/v2/bot/', '')}`);
}

/** Matches a fault that names the image first, then says `words`, and ends with what a person does. */
export function faultOf(kind: PullFault['kind'], digest: Digest, words: string) {
  const literal = words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const pattern = `/bot@${digest} cannot be pulled: .*${literal}.*, or deploy another release$`;
  return { kind, sentence: expect.stringMatching(new RegExp(pattern, 's')) };
}
