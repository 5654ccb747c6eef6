import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { findUnfollowed } from '#core/action/applications.ts';
import { renderLanding } from '#core/action/landing.ts';
import type { RunnerEnvironment } from '#core/action/runner.ts';
import type { LandResult } from '#core/release/land.ts';
import { gitEnv } from '#tests/support/repositories.ts';

let checkout = '';
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'slipway-applications-'));
  write({
    'slipway.yaml': `registry: {type: oci, host: registry.example}
images:
  web: {template: web.pkr.hcl, inputs: [src], keep: 1}
environments:
  production: {overlay: overlays/production, deploys: on-push}
  preview: {overlay: overlays/preview, deploys: on-push}
`,
    'web.pkr.hcl': '\n',
    'src/a': '\n',
    'overlays/production/kustomization.yaml': '{}\n',
    'overlays/preview/kustomization.yaml': '{}\n',
  });
});
afterEach(() => rmSync(checkout, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), text);
  }
}

function commit(): void {
  const git = (...args: string[]) => execFileSync('git', args, { cwd: checkout, env: gitEnv, stdio: 'pipe' });
  git('init', '-q');
  git('add', '-A');
  git('-c', 'user.name=a', '-c', 'user.email=a@b', 'commit', '-q', '-m', 'a');
}

/** What a bump of both environments finds: who has no Application, what was said how, and the summary. */
async function find() {
  const said = { debug: [] as string[], info: [] as string[], warn: [] as string[] };
  const log = {
    debug: (text: string) => void said.debug.push(text),
    info: (text: string) => void said.info.push(text),
    warn: (text: string) => void said.warn.push(text),
  };
  const environment = { workspace: checkout, all: { ...gitEnv, PATH: process.env['PATH'] } };
  const digest = `sha256:${'a'.repeat(64)}` as const;
  const images = ['production', 'preview'].map((name) => {
    return { environment: name, image: 'web', outcome: 'unchanged' as const, from: digest, to: digest, source: 'c' };
  });
  const result = { outcome: 'unchanged', commit: undefined, images, holds: [], edits: [], lostRaces: 0 };
  const landing = { ...result, batch: undefined } as unknown as LandResult; // a source of one letter
  // the other facts of the runner are not asked for
  const runner = { environment: environment as unknown as RunnerEnvironment, log };
  const unfollowed = await findUnfollowed(runner, 'slipway.yaml', landing);
  const page = { repositoryUrl: 'https://github.example/acme/shop', branch: 'main', unfollowed };
  return {
    missing: unfollowed.map(({ environment: name }) => name),
    said,
    summary: renderLanding('', landing, '', page),
  };
}

const application = (name: string, path = `overlays/${name}`): string => `apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: ${name}
spec:
  source:
    repoURL: https://github.example/acme/shop.git
    path: ${path}
  destination: {server: https://kubernetes.default.svc, namespace: shop}
`;

const applicationSet = (path: string): string => `kind: ApplicationSet
spec:
  generators: [{list: {elements: [{name: preview}, {name: production}]}}]
  template: {spec: {source: {path: "${path}"}}}
`;

test('an environment without an Application beside others is warned about once, and the remedy mends it', async () => {
  write({ 'argocd/production.yaml': application('production') });
  commit();
  const { missing, said, summary } = await find();
  expect([missing, said.warn.length]).toEqual([['preview'], 1]);
  expect(said.warn[0]).toContain('No Argo CD Application in this checkout follows overlays/preview.');
  expect(summary).toContain('⚠️ No Argo CD Application in this checkout follows overlays/preview.');
  const [, command = ''] = /`(sed .*?)`/.exec(said.warn[0] ?? '') ?? [];
  execFileSync('bash', ['-c', `${command} && git add -A`], { cwd: checkout });
  expect((await find()).missing).toEqual([]);
});

test('no Application at all: they may live in another repository, so it is said in passing', async () => {
  commit();
  const { missing, said, summary } = await find();
  expect([missing, said.warn, said.info.length]).toEqual([['production', 'preview'], [], 2]);
  expect(summary).toContain('Unless one in another repository does, nothing runs in preview.');
});

test.each<[string, Record<string, string>]>([
  ['two Applications', { 'argocd/a.yaml': application('production'), 'argocd/b.yaml': application('preview') }],
  ['both in one file', { 'apps.yml': `${application('production')}---\n${application('preview')}` }],
  [
    'paths with ./ and a slash at the end',
    { 'a.yaml': application('a', './overlays/production/'), 'b.yaml': application('b', 'overlays/preview/') },
  ],
  [
    'JSON, with several sources',
    {
      'a.json': JSON.stringify({
        kind: 'Application',
        spec: { sources: [{ path: 'overlays/preview' }, { path: 'overlays/production' }] },
      }),
    },
  ],
  ['an ApplicationSet with a template', { 'set.yaml': applicationSet('overlays/{{name}}') }],
  ['an ApplicationSet with a Go template', { 'set.yaml': applicationSet('overlays/{{ .name }}') }],
  [
    'an ApplicationSet over folders',
    { 'set.yaml': `kind: ApplicationSet\nspec: {generators: [{git: {directories: [{path: overlays/*}]}}]}\n` },
  ],
  [
    'a chart that is no YAML',
    { 'a.yaml': `{{- if .x }}\nkind: Application\npath: overlays/production\n{{- end }}\npath: overlays/preview\n` },
  ],
])('%s: every environment is followed, nothing is said', async (_name, files) => {
  write(files);
  commit();
  const { missing, said } = await find();
  expect({ missing, said }).toEqual({ missing: [], said: { debug: [], info: [], warn: [] } });
});

test.each<[string, Record<string, string>]>([
  ['an Application that is commented out', { 'b.yaml': application('preview').replaceAll(/^/gm, '# ') }],
  ['one that follows a folder below the overlay', { 'b.yaml': application('preview', 'overlays/preview/extra') }],
  ['one whose name is right and whose path is not', { 'b.yaml': application('preview', 'overlays/staging') }],
  ['an ApplicationSet of other folders', { 'b.yaml': applicationSet('charts/{{name}}') }],
])('%s does not count', async (_name, files) => {
  write({ 'a.yaml': application('production'), ...files });
  commit();
  expect((await find()).missing).toEqual(['preview']);
});

test('a file that git does not track does not count, and a folder that is no checkout ends nothing', async () => {
  write({ 'a.yaml': application('production') });
  commit();
  write({ 'b.yaml': application('preview') });
  expect((await find()).missing).toEqual(['preview']);
  rmSync(join(checkout, '.git'), { recursive: true });
  const { missing, said } = await find();
  expect([missing, said.warn, said.debug.length]).toEqual([[], [], 1]);
});
