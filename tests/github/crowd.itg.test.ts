import { afterEach, expect, test } from '@jest/globals';
import { type Crowd, openCrowd, type Rush, rush } from '#tests/support/crowd.ts';
import { type GitHubServer, startGitHubServer } from '#tests/support/github.ts';
import { createRandom } from '#tests/support/random.ts';
import { bump, reconcile } from '#tests/support/writers.ts';

/** SLIPWAY_WRITERS and SLIPWAY_LOSSY make it as large as you have time for. */
const WRITERS = Number(process.env['SLIPWAY_WRITERS'] ?? 20);
const LOSSY = Number(process.env['SLIPWAY_LOSSY'] ?? 10);
const MAIN = 'refs/heads/main';

let crowd: Crowd;
let github: GitHubServer;

async function open(writers: number): Promise<void> {
  crowd = await openCrowd(writers, ['production'], async (remote) => {
    github = await startGitHubServer(remote);
    return github;
  });
}

afterEach(async () => {
  expect(github.violations).toEqual([]);
  await crowd.tenant.close();
});

const medianOf = (counts: readonly number[]): number =>
  counts.toSorted((one, other) => one - other)[Math.floor(counts.length / 2)] ?? 0;
const refs = (): string => crowd.tenant.remoteGit('for-each-ref', '--format=%(refname)');

/** All writers share this machine with the stand-in, so an answer may take longer than one of GitHub's. */
async function withoutTimeouts<T>(run: () => Promise<T>): Promise<T> {
  const ask = globalThis.fetch;
  globalThis.fetch = (input, init) => ask(input, { ...init, signal: null });
  try {
    return await run();
  } finally {
    globalThis.fetch = ask;
  }
}

/** Lets all write by the API, each with a token of its own, and returns how many requests to the API each sent. */
async function rushByApi(): Promise<Rush & { readonly calls: readonly number[] }> {
  const tokens = crowd.images.map(() => github.tokenOf({ contents: 'write' }));
  const result = await withoutTimeouts(() =>
    rush(crowd, {}, (index) => ({ transport: 'api', token: tokens[index] ?? '' })),
  );
  const calls = tokens.map((token) => github.calls.filter((call) => call.token === token).length);
  process.stderr.write(
    `${result.commits} commits; requests: ${calls.toSorted((one, other) => one - other).join(' ')}\n`,
  );
  return { ...result, calls };
}

/** With rules, each look that finds new intents is one more question, for all of them: whether GitHub signed them. */
test.each<[string, () => void]>([
  ['without rules', () => {}],
  ['that requires signatures', () => github.rules.requireSignatures(MAIN)],
])(
  `${WRITERS} writers at once on a branch %s: none lost, none doubled, few commits, few requests each`,
  async (_rule, protect) => {
    await open(WRITERS);
    protect();
    const { results, commits, pushes, calls } = await rushByApi();
    expect(results.map(({ outcome }) => outcome)).toEqual(crowd.images.map(() => 'landed'));
    const overlay = crowd.tenant.readOverlay();
    expect(crowd.digests.filter((digest) => !overlay.includes(digest))).toEqual([]);
    expect(crowd.tenant.releases()).toHaveLength(WRITERS);
    expect(commits).toBeLessThanOrEqual(Math.max(5, WRITERS / 10));
    expect(pushes).toBe(0);
    expect(medianOf(calls)).toBeLessThanOrEqual(5);
    expect(refs()).toBe(MAIN);
    const commitsOfMain = crowd.tenant.remoteGit('rev-list', '--grep=^Slipway-Release', 'main').split('\n');
    expect(commitsOfMain.filter((commit) => !github.rules.isSigned(commit))).toEqual([]);
  },
  900_000,
);

test(
  `${LOSSY} bumps by the API while 30 % of its answers get lost after they took effect: none lost, none doubled`,
  async () => {
    await open(1);
    const { tenant } = crowd;
    const random = createRandom(42);
    github.intercept = async ({ url }) => (url?.startsWith('/api/') && random() < 0.3 ? 'drop-answer' : undefined);
    const digests = Array.from({ length: LOSSY }, (_, index) => tenant.push('service-0', `run ${index}`));
    for (const digest of digests) {
      const { outcome } = await bump(tenant, { images: `service-0=${digest}`, transport: 'api' });
      expect(outcome).toBe('landed');
      expect(tenant.readOverlay()).toContain(digest);
    }
    github.intercept = undefined;
    expect(tenant.releases()).toHaveLength(LOSSY);
    await reconcile(tenant, { transport: 'api' });
    expect(refs()).toBe(MAIN);
  },
  900_000 + LOSSY * 4_000,
);
