import { expect } from '@jest/globals';
import { editEntry, type Stage } from '#tests/support/stage.ts';
import { bump, hold } from '#tests/support/writers.ts';

export const OVERLAY = 'overlays/production/kustomization.yaml';

/** Returns production's overlay as an editor would leave it. */
export function edited({ tenant }: Stage, image: string, line: string): Record<string, string> {
  return { [OVERLAY]: `${editEntry(tenant.readOverlay(), image, line)}\n` };
}

/** Pushes what the clone has as main and returns the commit. */
export function push({ tenant }: Stage): string {
  tenant.git('push', '-q', 'origin', 'HEAD:main');
  return tenant.git('rev-parse', 'HEAD');
}

/** Reverts a commit on the newest main and pushes it; returns the commit. */
export function revert(stage: Stage, ...args: string[]): string {
  stage.tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  stage.tenant.git('revert', '--no-edit', ...args);
  return push(stage);
}

/** What a commit says of itself. */
function describeHand({ tenant }: Stage, commit: string) {
  const [by, reason, since = ''] = tenant.remoteGit('log', '-1', '--format=%an%n%s%n%aI', commit).split('\n');
  return { kind: 'manual', by, reason, since: new Date(since), commit, until: undefined };
}

/** Expects that bumps of the image answer held, name the hand's commit, and leave the overlay alone. */
export async function expectHeld(stage: Stage, hand: string): Promise<void> {
  const { tenant, bad } = stage;
  const there = stage.read();
  const own = await bump(tenant, { images: `discord-bot=${bad}`, 'source-sha': hand });
  expect(own).toMatchObject({ outcome: 'held', commit: undefined, images: [{ hold: describeHand(stage, hand) }] });
  expect(own.summary).toContain(`changed by hand in ${hand.slice(0, 7)}, by A Person since`);
  expect(own.summary).toContain('with the action `release`');
  expect(stage.read()).toBe(there);
}

/** Ten bumps of all sorts; expects that each leaves discord-bot of production alone. Returns the newest build's digest. */
export async function expectLeftAlone(stage: Stage): Promise<string> {
  const { tenant, good, bad, sources } = stage;
  const there = stage.read();
  const isFree = stage.read('dev-sandbox') === bad;
  const outcomes: string[] = [];
  const one = async (digest: string, inputs: Record<string, string> = {}, event = 'push') => {
    const images = `discord-bot=${digest}`;
    const result = await bump(tenant, { images, ...inputs }, { env: { GITHUB_EVENT_NAME: event } });
    expect(stage.read()).toBe(there);
    outcomes.push(...result.images.map(({ environment, image, outcome }) => `${environment}/${image} ${outcome}`));
  };
  const newer = [await stage.change('newer'), await stage.change('newer still')];
  const newest = newer[1]?.digest ?? '';
  await one(newer[0]?.digest ?? '', { 'source-sha': newer[0]?.source ?? '' });
  await one(newest);
  await one(bad, { 'source-sha': sources.bad });
  await one(good, { 'source-sha': sources.good });
  await one(newer[0]?.digest ?? '', { 'source-sha': newer[0]?.source ?? '' });
  await one(newest, {}, 'schedule');
  await one(newest, {}, 'workflow_dispatch');
  await one(there !== undefined && /^sha256:.*[1-9a-f]/.test(there) ? there : newest);
  await one(newest, { environment: 'staging' });
  await one(newest, { images: stage.all(newest), environment: '' });
  const own = outcomes.filter((text) => text.startsWith('production/discord-bot'));
  expect(own).toEqual(Array(9).fill('production/discord-bot held'));
  expect(outcomes).toContain('staging/discord-bot landed');
  expect(outcomes).toContain(`production/dev-sandbox ${isFree ? 'landed' : 'held'}`);
  return newest;
}

/** Expects that a release deploys the newest build, and that the next bump lands. */
export async function expectReleased(stage: Stage, newest: string): Promise<void> {
  expect((await hold(stage.tenant, { action: 'release' })).outcome).toBe('landed');
  expect(stage.read()).toBe(newest);
  await expectDeploys(stage);
}

/** Expects that the next push deploys. */
export async function expectDeploys(stage: Stage): Promise<void> {
  const { digest } = await stage.change('next');
  expect((await bump(stage.tenant, { images: `discord-bot=${digest}` })).outcome).toBe('landed');
  expect(stage.read()).toBe(digest);
}
