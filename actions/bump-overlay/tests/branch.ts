import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { formatRelease, type Release } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { type ActionResult, startTenant, type Tenant } from '#tests/support/tenant.ts';
import { type Bumped, bump } from './bumps.ts';

/** The production overlay's file. */
export const PRODUCTION = 'overlays/production/kustomization.yaml';

/** A tenant's branch as people, the pipeline and strangers change it, with five builds of the bot in the registry. */
export interface TestBranch {
  readonly tenant: Tenant;
  /** The digest of a build, 0 to 4. */
  digest(index: number): Digest;
  head(): string;
  /** Changes the app, which is the bot's input; returns the commit. */
  appChange(text: string): string;
  /** Bumps the bot in production to a build. */
  deploy(index: number, source?: string): Promise<Bumped>;
  /** As {@link deploy}, by a process of its own on a fresh checkout: in CI the committed bundle. */
  deployByProcess(index: number, source: string): Promise<ActionResult>;
  /** Commits files on a side branch from `from`, without moving main; returns the commit. */
  side(from: string, files: Readonly<Record<string, string>>, message: string): string;
  /** Merges commits into main by a merge commit, as a person does; returns it. */
  merge(commits: readonly string[], message?: string): string;
  /** Makes the clone's main the remote's, whatever was pushed away. */
  reset(commit?: string): void;
  /** The overlay's text with another digest for the bot, as an editor writes it. */
  edited(index: number, environment?: string): string;
  /** A trailer as an outsider writes it. */
  forge(change: Partial<Omit<Release, 'source'>> & { source?: string }): string;
  /** After each attack the next honest push deploys, and an older one that comes late does not. */
  expectHonest(): Promise<void>;
}

/** Starts the tenant with two environments. */
export async function openBranch(): Promise<TestBranch> {
  const tenant = await startTenant({ environments: ['production', 'staging'] });
  const digests = ['a', 'b', 'c', 'd', 'e'].map((content) => tenant.push('discord-bot', content) as Digest); // it is one
  const digest = (index: number): Digest => digests[index] ?? digests[0] ?? 'sha256:';
  const head = (): string => tenant.remoteGit('rev-parse', 'main');
  return {
    tenant,
    digest,
    head,
    appChange: (text) => tenant.commit({ 'app/main.js': `// ${text}\n` }, text),
    deploy: (index, source = head()) => bump(tenant, { images: `discord-bot=${digest(index)}`, 'source-sha': source }),
    deployByProcess: (index, source) => tenant.bump({ images: `discord-bot=${digest(index)}`, 'source-sha': source }),
    side: (from, files, message) => commitAside(tenant, from, files, message),
    merge: (commits, message = 'merge') => {
      tenant.git('pull', '-q', '--rebase', 'origin', 'main');
      tenant.git('merge', '-q', '--no-ff', '-m', message, ...commits);
      tenant.git('push', '-q', 'origin', 'main');
      return head();
    },
    reset: (commit = 'origin/main') => {
      tenant.git('fetch', '-q', 'origin');
      tenant.git('reset', '-q', '--hard', commit);
    },
    edited: (index, environment = 'production') => withDigest(tenant.readOverlay(environment), digest(index)),
    forge: (change) => forgeTrailer(digest(4), change),
    expectHonest: () => expectHonest(tenant),
  };
}

function commitAside(tenant: Tenant, from: string, files: Readonly<Record<string, string>>, message: string): string {
  tenant.git('fetch', '-q', 'origin');
  tenant.git('checkout', '-q', '-B', 'side', from);
  for (const [path, content] of Object.entries(files)) writeFileSync(join(tenant.clone, path), content);
  tenant.git('add', '-A');
  tenant.git('commit', '-q', '--allow-empty', '-m', message);
  const commit = tenant.git('rev-parse', 'HEAD');
  tenant.git('push', '-q', '-f', 'origin', 'side');
  tenant.git('checkout', '-q', 'main');
  return commit;
}

function withDigest(overlay: string, digest: string): string {
  return `${overlay.replace(/(- name: discord-bot\n.*\n\s+digest: )sha256:\w+/, `$1${digest}`)}\n`;
}

function forgeTrailer(to: Digest, change: Partial<Omit<Release, 'source'>> & { source?: string }): string {
  return formatRelease({
    environment: 'production',
    image: 'discord-bot',
    to,
    from: undefined,
    kind: 'deploy',
    intent: '01FORGED',
    run: 'https://github.example/acme/tenant/actions/runs/1',
    actor: 'mallory',
    ...change,
    source: (change.source ?? 'd'.repeat(40)) as CommitSha, // a forged one need not be one
  });
}

let honest = 0;

async function expectHonest(tenant: Tenant): Promise<void> {
  const older = tenant.commit({ 'app/main.js': `// honest and slow ${honest++}\n` });
  const newer = tenant.commit({ 'app/main.js': `// honest ${honest}\n` });
  const [fast, slow] = [tenant.push('discord-bot', `fast ${newer}`), tenant.push('discord-bot', `slow ${older}`)];
  const landed = await bump(tenant, { images: `discord-bot=${fast}`, 'source-sha': newer });
  expect(landed.outcome).toBe('landed');
  const late = await bump(tenant, { images: `discord-bot=${slow}`, 'source-sha': older });
  expect(late.outcome).toBe('superseded');
  expect(tenant.readOverlay()).toContain(fast);
}
