import { afterEach, expect, test } from '@jest/globals';
import type { LandResult } from '#core/release/land.ts';
import { type Crowd, openCrowd, rush } from '#tests/support/crowd.ts';
import { createRandom } from '#tests/support/random.ts';
import type { Tenant } from '#tests/support/tenant.ts';
import { bump, hold, reconcile } from '#tests/support/writers.ts';

/**
 * SLIPWAY_WRITERS, SLIPWAY_LOSSY and SLIPWAY_SOAK (seconds) make it as large as you have time for. CI takes 40 writers:
 * kustomize itself needs 5 s to render an overlay of 200 images.
 */
const WRITERS = Number(process.env['SLIPWAY_WRITERS'] ?? (process.env['CI'] === 'true' ? 40 : 200));
const LOSSY = Number(process.env['SLIPWAY_LOSSY'] ?? 15);

let crowd: Crowd;

afterEach(() => crowd.tenant.close());

const lost = (): string[] => {
  const overlay = crowd.tenant.readOverlay();
  return crowd.digests.filter((digest) => !overlay.includes(digest));
};
const readReleased = (tenant: Tenant): string[] =>
  tenant
    .releases()
    .map((text) => text.split(' ', 2).join(' '))
    .sort();
const refs = (): string => crowd.tenant.remoteGit('for-each-ref', '--format=%(refname)');

test(`${WRITERS} writers at once, one file: none lost, none doubled, in a few commits`, async () => {
  crowd = await openCrowd(WRITERS);
  const { results, commits, pushes } = await rush(crowd);
  expect(results.map(({ outcome }) => outcome)).toEqual(crowd.images.map(() => 'landed'));
  expect(lost()).toEqual([]);
  expect(crowd.tenant.releases()).toHaveLength(WRITERS);
  expect(commits).toBeLessThanOrEqual(Math.max(5, WRITERS / 10));
  expect(pushes).toBeLessThanOrEqual(3 * WRITERS);
  expect(refs()).toBe('refs/heads/main');
}, 900_000);

test(
  `${LOSSY} bumps while 30 % of all answers get lost after they took effect: none lost, none doubled`,
  async () => {
    crowd = await openCrowd(1);
    const { tenant } = crowd;
    const random = createRandom(42);
    tenant.server.intercept = async () => (random() < 0.3 ? 'drop-answer' : undefined);
    const digests = Array.from({ length: LOSSY }, (_, index) => tenant.push('service-0', `run ${index}`));
    for (const digest of digests) {
      const { outcome } = await bump(tenant, { images: `service-0=${digest}` });
      expect(outcome).toBe('landed');
      expect(tenant.readOverlay()).toContain(digest);
    }
    tenant.server.intercept = undefined;
    expect(tenant.releases()).toHaveLength(LOSSY);
    await reconcile(tenant);
    expect(refs()).toBe('refs/heads/main');
  },
  900_000 + LOSSY * 4_000,
);

test('writers on five images in two environments, beside a person who pushes and one who holds: no failure', async () => {
  const seconds = Number(process.env['SLIPWAY_SOAK'] ?? 120);
  crowd = await openCrowd(5, ['production', 'staging']);
  const { tenant, images } = crowd;
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  const landed: string[] = [];
  const note = ({ images: answers }: Pick<LandResult, 'images'>): void => {
    for (const { environment, image, outcome, to } of answers)
      if (outcome === 'landed') landed.push(`${environment}/${image} to=${to}`);
  };
  const work = async (worker: number): Promise<void> => {
    for (let run = 0; performance.now() < until; run++) {
      const image = images[(worker + run) % images.length] ?? '';
      const digest = tenant.push(image, `${worker}-${run}`);
      const environment = run % 3 === 0 ? '' : run % 3 === 1 ? 'production' : 'staging';
      note(await bump(tenant, { images: `${image}=${digest}`, environment }));
    }
  };
  const pushSometimes = async (): Promise<void> => {
    while (performance.now() < until) {
      try {
        tenant.commit({ 'notes.md': `${++count}\n` }, 'a person');
      } catch {
        // somebody was faster: a person pulls and pushes again
      }
      await new Promise((resolve) => setTimeout(resolve, 2_000));
    }
  };
  const holdSometimes = async (): Promise<void> => {
    while (performance.now() < until) {
      note(await hold(tenant, { environment: 'staging', image: images[0] ?? '' }));
      note(await hold(tenant, { environment: 'staging', image: images[0] ?? '', action: 'release' }));
    }
  };
  await Promise.all([...Array.from({ length: 10 }, (_, worker) => work(worker)), pushSometimes(), holdSometimes()]);
  expect(landed.length).toBeGreaterThan(0);
  // each answer `landed` has its release in the branch, and each release its answer
  expect(readReleased(tenant)).toEqual(landed.sort());
  await reconcile(tenant);
  expect(refs()).toBe('refs/heads/main');
}, 900_000);
