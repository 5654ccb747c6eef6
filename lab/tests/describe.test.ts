import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { describeLab } from '#lab/describe.ts';
import type { LabEnvironment } from '#lab/environments.ts';

const KUBECTL = '/tmp/slipway-lab-a1b2c3/kubectl';
const plain = (text: string): string => text;

function environment(name: string, namespace: string, application: string | undefined): LabEnvironment {
  return { name, namespace, application, overlay: `overlays/${name}`, deploys: 'on-push' } as LabEnvironment; // all that is read
}

function describeWorld(kubectl: string | undefined, width: number): string {
  const environments = [
    environment('staging', 'discord-bot-staging', 'staging'),
    environment('production', 'discord-bot', 'production'),
    environment('preview', 'discord-bot-preview', undefined),
  ];
  return describeLab(
    {
      lab: { logs: '/srv/slipway/.lab/logs/a1b2c3' },
      github: {
        url: 'http://127.0.0.1:12345',
        remote: `http://octocat:ghp_${'x'.repeat(36)}@127.0.0.1:12345/acme/tenant.git`,
      },
      aws: { registryHost: '127.0.0.1:23456', endpoint: 'http://127.0.0.1:34567' },
      kubectl,
      environments: new Map(environments.map((each) => [each.name, each])),
    },
    { width, paint: plain },
  );
}

test.each([
  ['with a cluster', KUBECTL],
  ['without', undefined],
])('%s every line fits into 80 columns, but for a word that is longer', (_how, kubectl) => {
  const tooLong = describeWorld(kubectl, 80)
    .split('\n')
    .filter((line) => line.length > 80 && line.trim().split(' ').length > 2);
  expect(tooLong).toEqual([]);
});

test('each command can be pasted: a shell reads it, and sees the words in one piece', () => {
  const lines = describeWorld(KUBECTL, 80).split('\n');
  const commands = lines
    .join('\n')
    .replaceAll(' \\\n', ' ')
    .split('\n')
    .filter((line) => line.trim().startsWith(KUBECTL));
  const spoken = commands.map((line) =>
    execFileSync('sh', ['-c', `f() { echo "$*"; }; ${line.replace(KUBECTL, 'f')}`], { encoding: 'utf8' }).trim(),
  );
  expect(spoken).toEqual([
    'get pods -A',
    'get applications -n argocd',
    'get --raw /api/v1/namespaces/discord-bot-staging/services/discord-bot:http/proxy/version',
    'get --raw /api/v1/namespaces/discord-bot/services/discord-bot:http/proxy/version',
    'apply -k argocd',
  ]);
});

test('without a cluster it says how to get one, and shows no kubectl', () => {
  const text = describeWorld(undefined, 80);
  expect(text).toContain('npm run toolbox');
  expect(text).not.toContain('kubectl');
});
