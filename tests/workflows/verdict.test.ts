import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { shouldRun } from '#lab/github/runner/condition.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const folder = join(repositoryRoot, '.github/workflows');
const read = (name: string): string => readFileSync(join(folder, name), 'utf8');

describe('which status starts the verdict', () => {
  const APP = 'acme-slipway[bot]';
  const healthy = {
    sender: { login: APP },
    context: 'argocd/production',
    state: 'success',
    description: 'v1 phase=Succeeded sync=Synced health=Healthy at=2026-11-28T06:00:00Z',
  };
  const failed = { ...healthy, state: 'failure' };
  const pending = { ...healthy, state: 'pending', description: 'v1 phase=Running sync=OutOfSync health=Healthy' };
  const { verdict } = parse(read('verdict.yml')).jobs;
  const isStarted = (event: object, app = APP): boolean =>
    shouldRun(verdict, new Map(), { values: { vars: { SLIPWAY_APP: app }, github: { event: event as never } } });

  test.each([
    ['the App: it runs', healthy, true],
    ['the App: it failed', failed, true],
    ['the App: it is paused', { ...pending, description: 'v1 phase=Succeeded sync=Synced health=Suspended' }, true],
    ['the App: it is under way', pending, false],
    ['the App: manifests cannot be rendered', { ...failed, context: 'argocd/production/render' }, true],
    ['the App: manifests render again', { ...healthy, context: 'argocd/production/render' }, false],
    ['the App, of something else', { ...healthy, context: 'ci/build' }, false],
    ['a person', { ...healthy, sender: { login: 'mallory' } }, false],
    ['a person who is called as the App without its ending', { ...healthy, sender: { login: 'acme-slipway' } }, false],
    ['another App', { ...healthy, sender: { login: 'evil[bot]' } }, false],
    ["a job's own token", { ...healthy, sender: { login: 'github-actions[bot]' } }, false],
  ])('%s', (_name, event, expected) => {
    expect(isStarted(event)).toBe(expected);
  });

  test('none where no App is named', () => {
    expect(isStarted({ ...healthy, sender: { login: '' } }, '')).toBe(false);
  });
});

test('no workflow has a way into the cluster: neither a kubeconfig nor a token of Argo CD', () => {
  const all = readdirSync(folder).map((name) => read(name).replaceAll(/(^|\s)#.*$/gm, ''));
  const secrets = new Set(all.flatMap((text) => [...text.matchAll(/\bsecrets\.(\w+)/g)].map(([, name]) => name)));
  expect([...secrets]).toEqual(['TERRAFORM_PLAN_KEY']);
  expect(all.filter((text) => /secrets\s*\[|toJSON\(secrets|secrets: inherit/i.test(text))).toEqual([]);
  expect(all.filter((text) => /kubeconfig|kubectl|doctl|argocd_|argocd (login|app)/i.test(text))).toEqual([]);
});
