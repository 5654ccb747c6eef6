import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { LandingPage } from '#core/action/landing.ts';
import type { LandResult } from '#core/release/land.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { renderSummary } from '../src/summary.ts';

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const commit = (letter: string): CommitSha => letter.repeat(40) as CommitSha; // forty hex digits
const context = { repositoryUrl: 'https://github.com/acme/tenant', branch: 'main' };
const image = {
  environment: 'production',
  image: 'discord-bot',
  from: digest('a'),
  to: digest('b'),
  source: commit('c'),
};
const landed: LandResult = {
  outcome: 'landed',
  commit: commit('d'),
  holds: [],
  batch: undefined,
  lostRaces: 2,
  images: [
    { ...image, outcome: 'landed' },
    { ...image, image: 'dev-sandbox', from: undefined, outcome: 'landed' },
  ],
  edits: [
    {
      environment: 'production',
      file: { path: 'overlays/production/kustomization.yaml', mode: '100644', content: new Uint8Array() },
      kustomize: { argv: ['kustomize', 'build'], name: 'kustomize', version: 'v5.8.1' },
      containers: [
        {
          kind: 'Deployment',
          namespace: 'discord-bot',
          name: 'discord-bot',
          container: 'discord-bot',
          from: `r/discord-bot@${digest('a')}`,
          to: `r/discord-bot@${digest('b')}`,
        },
      ],
    },
  ],
};
const winner = {
  environment: 'production',
  image: 'discord-bot',
  to: digest('e'),
  from: digest('a'),
  kind: 'deploy',
  source: commit('f'),
  intent: '01J',
  run: 'https://github.com/acme/tenant/actions/runs/7',
  actor: 'octocat',
  commit: commit('9'),
} as const;

function golden(name: string, landing: LandResult, page: LandingPage = context): void {
  expectGolden(join(import.meta.dirname, 'golden', `${name}.md`), renderSummary(landing, page));
}

test('landed', () => golden('landed', landed));

test('unchanged', () =>
  golden('unchanged', {
    outcome: 'unchanged',
    commit: undefined,
    holds: [],
    batch: undefined,
    lostRaces: 0,
    edits: [],
    images: [{ ...image, from: digest('b'), outcome: 'unchanged' }],
  }));

test('unchanged, where no Application follows the environment: that is what comes next', () => {
  const sibling = { file: 'argocd/staging.yaml', environment: 'staging', overlay: 'overlays/staging' };
  const unfollowed = [{ environment: 'production', overlay: 'overlays/production', sibling }];
  const images = [{ ...image, from: digest('b'), outcome: 'unchanged' as const }];
  golden(
    'unchanged-unfollowed',
    { outcome: 'unchanged', commit: undefined, holds: [], batch: undefined, lostRaces: 0, edits: [], images },
    { ...context, unfollowed },
  );
});

test('superseded names the winner', () =>
  golden('superseded', {
    outcome: 'superseded',
    commit: undefined,
    holds: [],
    batch: undefined,
    lostRaces: 0,
    edits: [],
    images: [{ ...image, outcome: 'superseded', winner }],
  }));

test('hostile values stay values', () => {
  const hostile = 'a|b`c`<img src=x onerror=alert(1)>\n## heading\n::error::x';
  const summary = renderSummary(
    {
      ...landed,
      images: [
        {
          ...image,
          environment: hostile,
          image: hostile,
          outcome: 'superseded',
          winner: { ...winner, run: 'javascript:alert(1)' },
        },
      ],
    },
    { ...context, branch: hostile },
  );
  expect(summary).not.toMatch(/^## heading|^::error|javascript:/m);
  const outsideCode = summary.replace(/(?<!`)(`+)(?!`)[\s\S]*?(?<!`)\1(?!`)/g, '');
  expect(outsideCode).not.toContain('<img');
  expect(summary).toContain('<img'); // inside code it is shown as it is
});
