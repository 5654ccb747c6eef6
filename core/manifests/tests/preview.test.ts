import { execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { Preview } from '#core/manifests/preview.ts';
import {
  applicationOf,
  botWith,
  INPUT_TOKEN,
  type OverlayRepository,
  openOverlayRepository,
  slipwayYaml,
} from '#core/manifests/tests/repository.ts';
import { git } from '#tests/support/repositories.ts';

let repository: OverlayRepository;
beforeAll(() => {
  repository = openOverlayRepository();
});
beforeEach(() => repository.reset());
afterAll(() => repository.close());

const kustomization = (text: string) => ({ 'overlays/production/kustomization.yaml': text });
const entriesOf = ({ reports }: Preview, name = 'production') =>
  reports.find((report) => report.name === name)?.entries ?? [];
const notesOf = ({ reports }: Preview, name = 'production') =>
  reports.find((report) => report.name === name)?.notes.join('\n') ?? '';
const namesOf = ({ reports }: Preview) => reports.map(({ name }) => name);

describe('which overlays a change can reach', () => {
  test('a base reaches both, an overlay itself alone; what is not reached is not rendered', async () => {
    repository.commit({ 'base/bot.yaml': botWith('512Mi') });
    expect(namesOf(await repository.preview())).toEqual(['production', 'staging']);
    repository.commit({ 'overlays/staging/kustomization.yaml': 'resources: [gone.yaml]\n' });
    repository.commit(kustomization('namespace: shop\nresources: [../../base]\n'));
    const preview = await repository.preview();
    expect(namesOf(preview)).toEqual(['production']);
    expect(preview.reports[0]?.counts).toMatchObject({ error: 0, remove: 1, add: 1 });
  });

  test('the app, and a README beside the overlays, reach none', async () => {
    repository.commit({ 'app/main.js': '// 1\n', 'overlays/README.md': 'words\n' });
    expect(await repository.preview()).toMatchObject({ reports: [], environments: ['production', 'staging'] });
  });

  test('components, patches, files of generators and symbolic links are followed', async () => {
    symlinkSync('shared', join(repository.clone, 'linked'));
    repository.commit({
      ...kustomization(
        'resources: [../../base]\ncomponents: [../../parts/debug]\npatches: [{path: ../../patches/memory.yaml}]\nconfigMapGenerator: [{name: app, files: [../../linked/app.conf]}]\n',
      ),
      'parts/debug/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\ncommonAnnotations: {debug: "1"}\n',
      'patches/memory.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bot}\n',
      'shared/app.conf': 'a\n',
      'slipway.yaml': slipwayYaml(
        'production: {overlay: overlays/production, deploys: on-push, kustomize: {load-restrictor: none}}',
      ),
    });
    for (const path of ['parts/debug/other.yaml', 'patches/memory.yaml', 'shared/app.conf']) {
      repository.commit({ [path]: 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: bot, labels: {a: b}}\n' });
      expect([path, namesOf(await repository.preview())]).toEqual([path, ['production']]);
    }
  });

  test('other options of kustomize in slipway.yaml reach their environment', async () => {
    repository.commit({
      'slipway.yaml': slipwayYaml(
        'production: {overlay: overlays/production, deploys: on-push, kustomize: {load-restrictor: none}}',
        'staging: {overlay: overlays/staging, deploys: by-hand}',
      ),
    });
    const preview = await repository.preview();
    expect(namesOf(preview)).toEqual(['production']);
    expect(notesOf(preview)).toBe('slipway.yaml renders it with other options than before.');
  });
});

describe('overlays that do not render', () => {
  const broken = 'resources: [../../base]\nsecretGenerator: [{name: login, literals: [hunter2-without-a-key]}]\n';

  test('the cause is told without what it repeats of a secret; once it renders again, that is told', async () => {
    repository.commit(kustomization(broken));
    const [entry, ...others] = entriesOf(await repository.preview());
    expect(others).toEqual([]);
    expect(entry).toMatchObject({ group: 'error', label: 'Overlay/production', diff: '' });
    expect(entry?.note).toMatch(/^the overlay overlays\/production does not render: .*\(sensitive\)/);
    repository.commit({ 'base/bot.yaml': botWith('512Mi') });
    expect(entriesOf(await repository.preview())[0]?.note).toContain('It did not render before either.');
    repository.commit(kustomization('resources: [../../base]\n'));
    const healed = await repository.preview();
    expect(notesOf(healed)).toMatch(/^It renders again\. Before it did not.*\(sensitive\)/);
    expect(entriesOf(healed)).toMatchObject([{ group: 'add', label: 'Deployment/bot' }]);
    expect(JSON.stringify(healed)).not.toContain('hunter2');
  });
});

test('a generated ConfigMap is compared with its former self, and its reader restarts', async () => {
  const patch =
    '[{"op": "add", "path": "/spec/template/spec/containers/0/envFrom", "value": [{"configMapRef": {"name": "app"}}]}]';
  const generate = (level: string) =>
    `resources: [../../base]\nconfigMapGenerator: [{name: app, literals: [LEVEL=${level}]}]\npatches: [{target: {kind: Deployment}, patch: '${patch}'}]\n`;
  repository.commit(kustomization(generate('info')));
  repository.commit(kustomization(generate('debug')));
  const [deployment, map, ...others] = entriesOf(await repository.preview());
  expect(others).toEqual([]);
  expect(deployment).toMatchObject({ group: 'restart', label: 'Deployment/bot' });
  expect(map).toMatchObject({
    group: 'change',
    label: 'ConfigMap/app',
    note: 'Its content changes and its name with it, and so does the template of Deployment bot.',
    diff: expect.stringContaining('- data.LEVEL: info\n+ data.LEVEL: debug'),
  });
});

test('a change cannot have kustomize print the variables of the step', async () => {
  repository.commit({
    ...kustomization(
      'namespace: production\nresources: [../../base]\nconfigMapGenerator: [{name: app, files: [own=/proc/self/environ]}]\n',
    ),
    'slipway.yaml': slipwayYaml(
      'production: {overlay: overlays/production, deploys: on-push, kustomize: {load-restrictor: none}}',
    ),
  });
  const [map] = entriesOf(await repository.preview()).filter(({ group }) => group === 'add');
  expect(map?.diff).toContain(`HOME=${repository.temp}`);
  expect(map?.diff).not.toContain(INPUT_TOKEN);
});

describe('environments', () => {
  test('a new one is said to be new, and that no Application follows it', async () => {
    repository.commit({
      'slipway.yaml': slipwayYaml(
        'production: {overlay: overlays/production, deploys: on-push}',
        'staging: {overlay: overlays/staging, deploys: on-push}',
        'canary: {overlay: overlays/canary, deploys: on-push}',
      ),
      'overlays/canary/kustomization.yaml': 'namespace: canary\nresources: [../../base]\n',
    });
    const preview = await repository.preview();
    expect(namesOf(preview)).toEqual(['canary']);
    expect(notesOf(preview, 'canary')).toMatch(/^It is a new environment\.\nNo Argo CD Application .*overlays\/canary/);
    expect(entriesOf(preview, 'canary')).toMatchObject([{ group: 'add', label: 'Deployment/bot', note: 'It is new.' }]);
  });

  test('of a removed one it is said what stays, by its Application', async () => {
    const slipway = { 'slipway.yaml': slipwayYaml('production: {overlay: overlays/production, deploys: on-push}') };
    repository.commit(slipway, ['overlays/staging']);
    const [entry] = entriesOf(await repository.preview(), 'staging');
    expect(entry).toMatchObject({ group: 'remove', label: 'Environment/staging', diff: '- Deployment/bot' });
    expect(entry?.note).toContain('argocd/staging.yaml still follows its overlay');
  });

  test('a base whose slipway.yaml cannot be read has the environments of the head; a broken head is refused', async () => {
    repository.commit({ 'slipway.yaml': 'images: [\n' });
    await expect(repository.preview()).rejects.toThrow(/slipway\.yaml/);
    repository.commit({
      'slipway.yaml': slipwayYaml('production: {overlay: overlays/production, deploys: on-push}'),
      'base/bot.yaml': botWith('512Mi'),
    });
    const preview = await repository.preview();
    expect(notesOf(preview)).toMatch(
      /^slipway\.yaml could not be read before \(.*: the environments are those of now\./,
    );
    expect(entriesOf(preview)).toMatchObject([{ group: 'restart', label: 'Deployment/bot' }]);
  });
});

describe('Applications', () => {
  test('one whose source changes is told with the environments that it follows; one that follows none apart', async () => {
    repository.commit({
      'argocd/production.yaml': applicationOf('production', 'automated: {prune: true}', 'overlays/staging'),
      'argocd/other.yaml': applicationOf('other', '', 'charts/other'),
    });
    const preview = await repository.preview();
    expect(namesOf(preview)).toEqual(['Argo CD', 'production', 'staging']);
    for (const name of ['production', 'staging'])
      expect(entriesOf(preview, name)).toMatchObject([
        { group: 'application', label: 'Application/production', note: expect.stringContaining('another folder') },
      ]);
    expect(entriesOf(preview, 'Argo CD')).toMatchObject([{ label: 'Application/other' }]);
  });

  test('one that does not prune keeps what goes, and one that syncs by hand does nothing by itself', async () => {
    repository.commit({
      ...kustomization('resources: [../../base, map.yaml]\n'),
      'overlays/production/map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n',
      'argocd/production.yaml': applicationOf('production', 'automated: {}'),
      'argocd/staging.yaml': applicationOf('staging', ''),
    });
    repository.commit({ ...kustomization('resources: [../../base]\n'), 'base/bot.yaml': botWith('512Mi') });
    const preview = await repository.preview();
    const [, map] = entriesOf(preview);
    expect(map).toMatchObject({
      group: 'change',
      label: 'ConfigMap/app',
      note: 'It stays in the cluster: the Application production does not prune.',
    });
    expect(notesOf(preview, 'staging')).toMatch(/^The Application staging does not sync by itself/);
  });

  test('a file by which Argo CD alone renders the overlay is named', async () => {
    repository.commit({ 'overlays/production/.argocd-source.yaml': 'kustomize: {images: [bot=bot:2]}\n' });
    expect(notesOf(await repository.preview())).toMatch(
      /^overlays\/production\/\.argocd-source\.yaml changes: Argo CD/,
    );
  });
});

describe('commits', () => {
  const shallow = (commit: string): string => {
    const checkout = mkdtempSync(join(repository.temp, 'checkout-'));
    git(repository.temp, 'init', '-q', checkout);
    git(checkout, 'remote', 'add', 'origin', `file://${repository.remote}`);
    git(checkout, 'fetch', '-q', '--depth=1', 'origin', commit);
    git(checkout, 'checkout', '-q', 'FETCH_HEAD');
    return checkout;
  };

  const addEmpty = (parent: string, at: number): string =>
    `commit refs/heads/long\ncommitter P <p@example.com> ${1_700_000_000 + at} +0000\ndata 1\nx\n${at === 0 ? `from ${parent}\n` : ''}\n`;

  const pushChange = (): string => {
    const { clone } = repository;
    git(clone, 'checkout', '-q', '-B', 'change');
    const head = repository.commit({ 'base/bot.yaml': botWith('512Mi') });
    git(clone, 'push', '-q', '--force', 'origin', 'change');
    git(clone, 'checkout', '-q', 'main');
    return head;
  };

  test('compared is the common commit, not what others merged since; a shallow checkout is enough', async () => {
    const { clone } = repository;
    const common = git(clone, 'rev-parse', 'main');
    const head = pushChange();
    const base = repository.commit({ 'overlays/production/kustomization.yaml': 'resources: []\n' });
    git(clone, 'push', '-q', '--force', 'origin', 'main');
    const preview = await repository.preview({ base, head, checkout: shallow(head) });
    expect(preview.base).toBe(common);
    expect(entriesOf(preview)).toMatchObject([{ group: 'restart', label: 'Deployment/bot' }]);
  });

  test('a common commit behind the end of the shallow history is looked for on', async () => {
    const { clone } = repository;
    const common = git(clone, 'rev-parse', 'main');
    const head = pushChange();
    const commits = Array.from({ length: 70 }, (_, at) => addEmpty(common, at)).join('');
    execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.remote, input: commits });
    const base = git(repository.remote, 'rev-parse', 'long');
    const preview = await repository.preview({ base, head, checkout: shallow(head) });
    expect(preview.base).toBe(common);
  });

  test('a commit that is nowhere, and two without a common one, are refused with the remedy', async () => {
    const base = git(repository.clone, 'rev-parse', 'main');
    await expect(repository.preview({ base, head: '1'.repeat(40) })).rejects.toThrow(
      /^the repository does not have the commit 1{40}: push it/,
    );
    const head = git(repository.clone, 'commit-tree', '-m', 'another root', 'main^{tree}');
    git(repository.clone, 'push', '-q', 'origin', `${head}:refs/heads/other`);
    await expect(repository.preview({ base, head })).rejects.toThrow(/^[0-9a-f]{40} and [0-9a-f]{40} have no commit/);
  });

  test('the same commit twice changes nothing', async () => {
    const head = git(repository.clone, 'rev-parse', 'HEAD');
    expect(await repository.preview({ base: head, head })).toMatchObject({ base: head, reports: [] });
  });
});
