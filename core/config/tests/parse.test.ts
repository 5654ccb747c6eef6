import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '#core/config/parse.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { areSchemasCurrent } from '../../../scripts/schema.ts';

const folder = join(repositoryRoot, 'core/config/tests');
const existing = new Set([
  'app',
  'app/package.json',
  'app/package-lock.json',
  'docker/build.pkr.hcl',
  'docker/dev-sandbox.pkr.hcl',
  'docker/dev-sandbox',
  'overlays/staging',
  'overlays/production',
  'terraform/aws',
]);

function parse(kind: string, name: string): ReturnType<typeof parseConfig> {
  const text = readFileSync(join(folder, kind, `${name}.yaml`), 'utf8');
  return parseConfig(text, { file: 'slipway.yaml', pathExists: (path) => existing.has(path) });
}

function samples(kind: string): string[] {
  return readdirSync(join(folder, kind)).flatMap((name) =>
    name.endsWith('.yaml') ? [name.slice(0, -'.yaml'.length)] : [],
  );
}

describe('a valid slipway.yaml', () => {
  test.each(samples('valid'))('%s', (name) => {
    const config = parse('valid', name);
    expect([...config.images.keys()]).toEqual(['discord-bot', 'dev-sandbox']);
    expect(config.images.get('discord-bot')?.dependencies).toEqual(['app/package.json', 'app/package-lock.json']);
    expect(config.environments.get('production')?.overlay).toBe('overlays/production');
  });
});

test('the base image, as it is written', () => {
  expect(parse('valid', 'base').images.get('discord-bot')?.base).toBe(`node:24-slim@sha256:${'3f'.repeat(32)}`);
  expect(parse('valid', 'variables').images.get('discord-bot')?.base).toBeUndefined();
});

test('how manifests call an image, and how an overlay is rendered', () => {
  const named = parse('valid', 'names').images;
  expect(named.get('discord-bot')?.names).toEqual(['discord-bot', 'registry.example:5000/acme/discord-bot']);
  expect(named.get('dev-sandbox')?.names).toEqual(['dev-sandbox']);
  const { environments } = parse('valid', 'kustomize');
  expect(environments.get('production')?.kustomize).toEqual({ 'load-restrictor': 'none', helm: true, timeout: 300 });
  expect(environments.get('staging')?.kustomize).toEqual({ 'load-restrictor': 'root-only', helm: false, timeout: 60 });
});

test('how commits reach the branch', () => {
  const { environments } = parse('valid', 'pull-request');
  expect(environments.get('production')).toMatchObject({ via: 'pull-request', 'auto-merge': true });
  expect(environments.get('staging')).toMatchObject({ via: 'push', 'auto-merge': false });
});

test('what a verdict means for an environment; nothing is asked where slipway.yaml says nothing', () => {
  const { environments } = parse('valid', 'verdict');
  expect(environments.get('production')).toMatchObject({ verdict: 'required', 'on-failure': 'rollback' });
  expect(environments.get('staging')).toMatchObject({ verdict: 'when-written', 'on-failure': 'nothing' });
});

test('the stacks, and the program that runs them', () => {
  expect(parse('valid', 'opentofu').terraform).toEqual({
    binary: 'tofu',
    stacks: new Map([['aws', { folder: 'terraform/aws', refresh: false, applies: 'on-merge', after: [] }]]),
  });
  expect(parse('valid', 'the-tenant').terraform).toBeUndefined();
});

test('the order of the stacks: what after says, and without it the order in which they are written', () => {
  const stacks = parse('valid', 'stacks-after').terraform?.stacks ?? new Map();
  expect([...stacks].map(([name, { after }]) => [name, ...after])).toEqual([
    ['network'],
    ['tables', 'network'],
    ['queues', 'network'],
    ['roles'],
    ['alarms', 'tables', 'queues'],
  ]);
});

test('the times in which an environment is left alone', () => {
  const frozen = parse('valid', 'freezes').environments;
  expect(frozen.get('staging')?.freezes).toEqual([]);
  expect(frozen.get('production')?.freezes).toEqual([
    {
      reason: 'the team is away at the weekend',
      zone: 'America/Toronto',
      weekly: { from: 'fri 16:00', to: 'mon 08:00' },
    },
    { reason: "the year's end", zone: 'America/Toronto', from: '2026-12-20 00:00', to: '2027-01-04 08:00' },
  ]);
});

describe('an invalid slipway.yaml is refused with file, line, value and remedy', () => {
  test.each(samples('invalid'))('%s', (name) => {
    let message = 'not refused';
    try {
      parse('invalid', name);
    } catch (error) {
      expect(error).toHaveProperty('name', 'Refusal');
      message = error instanceof Error ? error.message : '';
    }
    expect(message).toMatch(/^slipway\.yaml:\d+: /);
    expectGolden(join(folder, 'invalid', `${name}.txt`), `${message}\n`);
  });
});

test("the JSON schemas are what the code's own schemas give", () => {
  expect(areSchemasCurrent()).toBe(true);
});
