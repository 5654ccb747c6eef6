import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { readKeyTenant } from '#core/aws/keys/tenant.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-keys-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
}

const STORE = (prefix: string): string => `kind: SecretStore\nspec: {provider: {aws: {prefix: ${prefix}}}}\n`;

test('this repository: its project, and the namespace of each environment', () => {
  const { project, namespaces } = readKeyTenant(repositoryRoot);
  expect(project).toBe('discord-bot');
  expect(Object.fromEntries(namespaces)).toEqual({
    'discord-bot': 'discord-bot',
    'discord-bot-staging': 'discord-bot-staging',
  });
});

test('another project, whose namespace has another name', () => {
  write({
    'terraform/aws/terraform.tfvars': '# project = "first"\nregion = "a"\nproject   = "second-bot" # ours\n',
    'overlays/live/kustomization.yaml': 'kind: Kustomization\nnamespace: till\n',
    'overlays/live/secret-store.yaml': STORE('/second-bot/'),
  });
  const { project, namespaces } = readKeyTenant(root);
  expect([project, [...namespaces]]).toEqual(['second-bot', [['second-bot', 'till']]]);
});

test.each<[string, Readonly<Record<string, string>>]>([
  ['an empty folder', {}],
  [
    'a project in a comment, an overlay without a store',
    {
      'terraform/aws/terraform.tfvars': '# project = "first"',
      'overlays/live/kustomization.yaml': 'kind: Kustomization\nnamespace: till\n',
    },
  ],
  ['a store without a namespace', { 'overlays/live/secret-store.yaml': STORE('/second-bot/') }],
  [
    'a store of the whole account',
    {
      'overlays/live/kustomization.yaml': 'kind: Kustomization\nnamespace: till\n',
      'overlays/live/secret-store.yaml': STORE('/'),
    },
  ],
])('%s says nothing', (_name, files) => {
  write(files);
  const { project, namespaces } = readKeyTenant(root);
  expect([project, namespaces.size]).toEqual([undefined, 0]);
});
