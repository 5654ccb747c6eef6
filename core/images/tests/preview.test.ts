import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { composeComment } from '#core/comment/compose.ts';
import type { ImagesReport } from '#core/images/report.ts';
import {
  type Asked,
  BOT,
  BUILT,
  type ImagesRepository,
  openImagesRepository,
  registryWith,
  slipwayYaml,
  templateOf,
  WEB,
  type Written,
} from '#core/images/tests/repository.ts';
import { describeImage, toText } from '#core/images/words.ts';
import { Refusal } from '#core/values/errors.ts';
import { findLive } from '#tests/support/gfm.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { git } from '#tests/support/repositories.ts';

let repository: ImagesRepository;
beforeAll(() => {
  repository = openImagesRepository();
});
beforeEach(() => repository.reset());
afterAll(() => repository.close());

const APP = { 'app/main.js': '// 1\n' };
const yaml = (written: Written) => ({ 'slipway.yaml': slipwayYaml(written) });
const HOLD = '- {image: bot, kind: manual, reason: "we look at it", by: octocat, since: 2026-11-27T08:00:00Z}\n';
const noLogin = async () => Promise.reject(new Refusal('no valid AWS credentials; assume a role in an earlier step'));

/** Each case: the files of the change, what the registry says, and files that go. */
const CASES: Readonly<Record<string, readonly [Record<string, string>, Asked?, (readonly string[])?]>> = {
  built: [APP],
  'built-with-dependencies': [{ ...APP, 'app/package.json': '{"dependencies": {}}\n' }],
  'unpinned-base': [{ 'docker/bot.pkr.hcl': templateOf('node:24-bookworm-slim') }],
  'unpinned-base-in-slipway-yaml': [yaml({ bot: BOT.replace('keep', 'base: "node:24", keep') })],
  held: [{ ...APP, 'overlays/staging/holds.yaml': HOLD }],
  'hold-file-with-a-fault': [{ ...APP, 'overlays/staging/holds.yaml': '- {image: bot}\n' }],
  frozen: [
    {
      ...APP,
      ...yaml({
        staging:
          'deploys: on-push, freezes: [{reason: release week, zone: UTC, from: "2030-01-01 00:00", to: "2030-01-07 08:00"}]',
      }),
    },
  ],
  'new-image': [
    {
      ...yaml({ more: [WEB, 'job: {template: docker/job.pkr.hcl, inputs: [job], keep: 3}'] }),
      'docker/job.pkr.hcl': templateOf('debian:13'),
      'job/run.sh': 'true\n',
    },
  ],
  'removed-image': [yaml({ more: [] })],
  'registry-not-asked': [{ ...APP, 'web/index.html': '<p>1\n' }, { registry: noLogin }],
  'cannot-be-built': [{ 'docker/bot.pkr.hcl': '// without a default\n' }],
  'variables-and-nobody': [
    {
      ...yaml({ bot: BOT.replace('keep', 'variables: {mirror: x, image_url: y}, keep') }),
      'overlays/staging/kustomization.yaml': 'resources: []\n',
    },
  ],
  hostile: [
    {
      ...yaml({
        bot: BOT.replace('inputs: [app]', 'inputs: [app, "<img src=x> @everyone #1 [x](javascript:y) `|`"]'),
      }),
      '<img src=x> @everyone #1 [x](javascript:y) `|`/a.txt': 'x\n',
      'docker/bot.pkr.hcl': templateOf('node:24'),
      'overlays/staging/holds.yaml': HOLD.replace('we look at it', '</code></li></ul><b>@everyone **x** ::error::y'),
    },
  ],
  nothing: [{ 'README.md': 'words\n' }],
};

const plain = (report: ImagesReport): ImagesReport => ({ ...report, base: '1'.repeat(40), head: '2'.repeat(40) });

function expectGoldens(name: string, report: ImagesReport): void {
  const folder = join(import.meta.dirname, 'golden', name);
  expectGolden(join(folder, 'report.json'), `${JSON.stringify(plain(report), undefined, 2)}\n`);
  const comment = composeComment(
    { images: [report], manifests: [], plans: [] },
    { head: '2'.repeat(40), rest: 'see the job summary' },
  );
  expectGolden(join(folder, 'comment.md'), comment);
  expect(findLive(comment)).toEqual([]);
}

test.each(Object.entries(CASES))('%s', async (name, [files, asked, removed]) => {
  repository.commit(files, removed);
  expectGoldens(name, await repository.preview(asked));
});

describe('found', () => {
  test('a build of the same inputs is found by its tag, and said to run where it does', async () => {
    repository.commit(APP);
    const [entry] = (await repository.preview()).entries;
    const found = registryWith(`in-${entry?.inputHash}`);
    expectGoldens('found', await repository.preview({ registry: found.open }));
    expect(found.asked).toEqual([`bot:in-${entry?.inputHash}`]);
    repository.commit({
      ...APP,
      'overlays/staging/kustomization.yaml': `images: [{name: bot, digest: "${BUILT}"}]\n`,
    });
    expectGoldens('found-and-there', await repository.preview({ registry: found.open, base: 'main~2' }));
  });
});

describe('what is compared', () => {
  test('the merge with its first parent: what others merged before is not of this change', async () => {
    git(repository.clone, 'checkout', '-q', '-b', 'change');
    repository.commit(APP);
    git(repository.clone, 'checkout', '-q', 'main');
    repository.commit({ 'web/index.html': '<p>1\n' });
    git(repository.clone, 'merge', '-q', '--no-ff', '-m', 'the trial merge', 'change');
    const names = ({ entries }: ImagesReport) => entries.map(({ image }) => image);
    expect(names(await repository.preview({ base: undefined }))).toEqual(['bot']);
    expect(names(await repository.preview({ base: 'main~2' }))).toEqual(['bot', 'web']);
    expect(names(await repository.preview({ base: 'main~1', head: 'change' }))).toEqual(['bot']);
    git(repository.clone, 'branch', '-D', '-q', 'change');
  });

  test('a commit without a parent is refused', async () => {
    await expect(repository.preview({ base: undefined })).rejects.toThrow(/has no parent to compare it with: give the/);
  });

  test('a slipway.yaml that could not be read before is said; at the head it is refused', async () => {
    repository.commit({ 'slipway.yaml': 'x: 1\n' });
    await expect(repository.preview()).rejects.toThrow('slipway.yaml:1:');
    repository.commit({ ...yaml({}), ...APP });
    const report = await repository.preview();
    expect(report).toMatchObject({ unchanged: 1, entries: [{ image: 'bot', isNew: false }] });
    expect(report.baseFault).toMatch(/^slipway\.yaml:1: /);
  });

  test('a registry that is not to be asked is said to be so, and only where there is something to ask', async () => {
    repository.commit({ 'README.md': 'words\n' });
    expect((await repository.preview({ registry: 'nothing was to be asked' })).notAsked).toBe('');
    repository.commit(APP);
    expect(await repository.preview({ registry: 'skipped' })).toMatchObject({
      notAsked: 'skipped',
      counts: { change: 1, build: 0, found: 0 },
    });
  });

  test('an image that could not be built before is said to be so', async () => {
    repository.commit({ 'docker/bot.pkr.hcl': '// without a default\n' });
    repository.commit({ 'docker/bot.pkr.hcl': templateOf(`node@sha256:${'d'.repeat(64)}`) });
    const [entry] = (await repository.preview()).entries;
    expect(entry).toMatchObject({ group: 'build', causes: [], unpinned: null });
    expect(entry && describeImage(entry).map(toText)).toContain('It could not be built before.');
  });

  test('settings that leave the hash as it is change nothing', async () => {
    const [fewer, whole] = [BOT.replace('keep: 10', 'keep: 3'), BOT.replace('dependencies: [app/package.json], ', '')];
    for (const bot of [fewer, whole]) {
      repository.commit(yaml({ bot }));
      expect(await repository.preview()).toMatchObject({ entries: [], unchanged: 2 });
    }
  });
});
