import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openImagesPorts } from '#core/images/open-ports.ts';
import { type ImagesReport, imagesReportSchema } from '#core/images/report.ts';
import { type ImagesRepository, openImagesRepository, slipwayYaml } from '#core/images/tests/repository.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { normalizeText } from '#tests/support/normalize.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';
import { git, gitEnv } from '#tests/support/repositories.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { readInputs } from '../src/inputs.ts';
import { describeOutputs } from '../src/outputs.ts';
import { run } from '../src/run.ts';
import { renderSummary } from '../src/summary.ts';

let repository: ImagesRepository;
let registry: TestRegistry;

beforeAll(async () => {
  repository = openImagesRepository();
  registry = await startTestRegistry();
  const own = slipwayYaml().replace('registry.example', `"${registry.host}"`);
  repository.commit({ 'slipway.yaml': own });
  git(repository.clone, 'push', '-q', 'origin', 'main');
  git(repository.clone, 'checkout', '-q', '-b', 'change');
  repository.commit({ 'app/main.js': '// 1\n' });
  git(repository.clone, 'checkout', '-q', 'main');
  git(repository.clone, 'merge', '-q', '--no-ff', '-m', 'the merge that GitHub tries out', 'change');
  git(repository.clone, 'push', '-q', 'origin', 'main:refs/pull/7/merge');
});
afterAll(async () => {
  await registry.close();
  repository.close();
});

const environmentOf = (ref: string) => ({
  sha: git(repository.clone, 'rev-parse', 'main'),
  all: { GITHUB_REF: ref },
});

function read(changed: Readonly<Record<string, string>> = {}, ref = 'refs/pull/7/merge') {
  const environment = environmentOf(ref);
  const all: Record<string, string> = {
    ...{
      base: '3'.repeat(40),
      head: environment.sha,
      config: 'slipway.yaml',
      registry: 'ask',
      report: 'r.json',
      token: '',
    },
    ...changed,
  };
  return readInputs({ input: (name) => all[name] ?? '', environment });
}

/** Runs the action on a checkout of the merge alone, as actions/checkout makes it. */
async function preview(inputs = read()): Promise<{ report: ImagesReport; summary: string; outputs: object }> {
  const checkout = join(repository.temp, `checkout-${Math.random()}`);
  git(repository.temp, 'init', '-q', checkout);
  git(checkout, 'remote', 'add', 'origin', `file://${repository.remote}`);
  git(checkout, 'fetch', '-q', '--depth=1', 'origin', 'refs/pull/7/merge');
  git(checkout, 'checkout', '-q', '--detach', 'FETCH_HEAD');
  const place = { checkout, temp: repository.temp, environment: gitEnv, log: silentLog, mask: () => {} };
  const asks = inputs.asksRegistry || 'the input registry says skip';
  const { ports, close } = await openImagesPorts({ ...place, token: '', serverUrl: '' }, asks);
  let written = '';
  try {
    const write = async (_path: string, text: string): Promise<void> => {
      written = text;
    };
    const report = await run(inputs, { ...ports, write, leave: undefined });
    expect(imagesReportSchema.parse(JSON.parse(written))).toEqual(report);
    const summary = renderSummary(report, { repositoryUrl: 'https://github.example/acme/tenant' });
    return { report, summary, outputs: describeOutputs(report, inputs) };
  } finally {
    await close();
  }
}

test('the merge that is checked out without its parents: built at first, found once the registry has it', async () => {
  const first = await preview();
  expect(first.report).toMatchObject({ notAsked: '', entries: [{ group: 'build', image: 'bot', causes: ['app'] }] });
  expect(first.outputs).toEqual({
    changed: 'true',
    report: 'r.json',
    counts: JSON.stringify({ error: 0, remove: 0, build: 1, change: 0, found: 0 }),
  });
  expectGolden(join(import.meta.dirname, 'golden/built.md'), normalizeText(first.summary));
  const digest = registry.put('bot', `in-${first.report.entries[0]?.inputHash}`);
  expect((await preview()).report.entries).toMatchObject([{ group: 'found', digest }]);
  expect(registry.requests.every(({ method }) => method === 'HEAD')).toBe(true);
});

test('a registry that is not to be asked, and one that does not let us in', async () => {
  const asked = registry.requests.length;
  const skipped = await preview(read({ registry: 'skip' }));
  expect(skipped.report).toMatchObject({ notAsked: 'the input registry says skip', entries: [{ group: 'change' }] });
  expect(registry.requests).toHaveLength(asked);
  registry.fail({ times: 2, status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } });
  const refused = await preview();
  expect(refused.report.entries).toMatchObject([{ group: 'change', digest: '' }]);
  expect(refused.report.notAsked).toContain(`docker login ${registry.host}`);
  expectGolden(
    join(import.meta.dirname, 'golden/not-asked.md'),
    normalizeText(refused.summary.replaceAll(registry.host, 'registry.example:5000')),
  );
});

test('the first parent of a trial merge is compared with, and of no other commit', () => {
  expect(read()).toMatchObject({ base: undefined, asksRegistry: true });
  expect(read({}, 'refs/heads/main').base).toBe('3'.repeat(40));
  expect(read({ head: '1'.repeat(40) }).base).toBe('3'.repeat(40));
});

test('inputs that are wrong are refused', () => {
  expect(() => read({ base: 'main', head: '1'.repeat(40) })).toThrow(/^base: "main" is not a commit/);
  expect(() => read({ head: '' })).toThrow(/^head: "" is not a commit/);
  expect(() => read({ registry: 'no' })).toThrow(/^registry: "no" is neither ask nor skip/);
  expect(() => read({ report: '' })).toThrow(/^report: "" is empty/);
  expect(() => read({ config: '../x' })).toThrow(/^config: /);
});
