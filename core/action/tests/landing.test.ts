import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { renderLanding } from '#core/action/landing.ts';
import type { LandResult } from '#core/release/land.ts';
import type { EnvironmentEdit } from '#core/release/plan.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** Every summary that a golden file of an action shows. */
const pages = readdirSync(join(repositoryRoot, 'actions')).flatMap((action) => {
  const folder = join(repositoryRoot, 'actions', action, 'tests/golden');
  const files = existsSync(folder) ? readdirSync(folder).filter((file) => file.endsWith('.md')) : [];
  return files.map((file) => [`${action}/${file}`, readFileSync(join(folder, file), 'utf8')] as const);
});
/** All but those of the one action that Argo CD's report starts. */
const claimless = pages.filter(([name]) => !name.startsWith('report-verdict/'));
const arriving = pages.filter(([, page]) => page.includes('Argo CD applies'));

describe('a summary says what is proven so far and what is not', () => {
  test('of every action that lands', () => {
    const actions = new Set(arriving.map(([name]) => name.split('/')[0]));
    expect([...actions].sort()).toEqual(['bump-overlay', 'hold-overlay', 'promote-overlay', 'rollback-overlay']);
  });
  test.each(arriving)('%s', (_name, page) => {
    expect(page.split('\n')[0]).toMatch(/not yet seen running$/);
    expect(page).toMatch(/\*\*Proven so far:\*\* the commit is on `main`, and kustomize renders what it says\./);
    expect(page).toMatch(
      /\*\*Not proven:\*\* that the pods start and answer.*`kubectl get applications -n argocd \w+`/,
    );
  });
  test.each(claimless)('%s claims nothing of the cluster', (_name, page) => {
    expect(page.split('\n')[0]).not.toMatch(/\b(runs|running|serves|healthy|deployed)\b(?<!not yet seen running)/i);
  });
});

describe('the version in the last line is kustomize’s own', () => {
  const render = (kustomize: EnvironmentEdit['kustomize']): string => {
    const edits = [{ environment: 'production', containers: [], kustomize }];
    const result = { outcome: 'landed', images: [], holds: [], edits, lostRaces: 0, batch: undefined };
    const landing = result as unknown as LandResult; // the edit's file is not shown
    return renderLanding('', landing, '', { repositoryUrl: 'https://github.example/a/b', branch: 'main' });
  };
  test.each<[EnvironmentEdit['kustomize'], string]>([
    [{ argv: ['kubectl', 'kustomize'], name: 'kubectl', version: 'v5.5.0' }, 'kustomize v5.5.0, the one in kubectl.'],
    [{ argv: ['kustomize', 'build'], name: 'kustomize', version: 'v5.8.1' }, 'kustomize v5.8.1.'],
    [{ argv: ['kustomize', 'build'], name: 'kustomize', version: '(devel)' }, 'kustomize &#40;devel&#41;.'],
  ])('%j', (kustomize, words) => {
    expect(render(kustomize)).toContain(`<sub>Rendered with ${words}</sub>`);
  });
});
