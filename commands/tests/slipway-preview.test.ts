import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { CommandResult } from '#commands/command.ts';
import { runSlipway } from '#commands/slipway.ts';
import {
  botWith,
  type OverlayRepository,
  openOverlayRepository,
  STAGING,
  slipwayYaml,
} from '#core/manifests/tests/repository.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { startTestRegistry } from '#tests/support/registry.ts';
import { git } from '#tests/support/repositories.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';
import { steady } from '#tests/support/terminal.ts';

let repository: OverlayRepository;

beforeAll(() => {
  repository = openOverlayRepository();
  git(repository.clone, 'checkout', '-q', '-b', 'change');
  repository.commit({
    'base/bot.yaml': botWith('512Mi'),
    'docker/build.pkr.hcl': 'variable "base_image" { default = "node:24" }\n',
    'app/main.js': '// 1\n',
    'overlays/staging/kustomization.yaml': 'resources: [../../base, gone.yaml]\n',
  });
});

afterAll(() => repository.close());

async function type(...argv: string[]): Promise<CommandResult & { readonly told: string }> {
  const told: string[] = [];
  const result = await runSlipway(['preview', ...argv], {
    environment: {
      PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}`,
      HOME: repository.temp,
      GIT_CONFIG_NOSYSTEM: '1',
    },
    temp: repository.temp,
    resolve: (path) => join(repository.clone, path),
    now: () => new Date(),
    width: 100,
    isColoured: false,
    show: () => {},
    tell: (text) => void told.push(text),
    confirm: undefined,
  });
  return { ...result, told: told.join('\n') };
}

test('a clone that does not know the default branch is told how to learn it, and then shows the change', async () => {
  const refused = await type();
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
  const [, remedy = ''] = /"origin\/HEAD": git (remote set-head origin --auto) finds it/.exec(refused.stderr) ?? [];
  git(repository.clone, ...remedy.split(' '));
  const shown = await type();
  expect(shown.exitCode).toBe(1); // an overlay does not render
  expectGolden(join(import.meta.dirname, 'golden/slipway/preview.txt'), steady(shown.stdout));
});

test('by names of commits and as JSON; what is not committed does not count, and is said not to', async () => {
  writeFileSync(join(repository.clone, 'base/bot.yaml'), botWith('1Gi'));
  const shown = await type('--base', 'main', '--json');
  expect(shown.told).toBe('note: some changes here are not committed, and do not count');
  expect(JSON.parse(shown.stdout)).toMatchObject({
    schema: 1,
    base: git(repository.clone, 'rev-parse', 'main'),
    head: git(repository.clone, 'rev-parse', 'change'),
    images: { counts: { change: 1 }, notAsked: '--registry asks it', entries: [{ image: 'bot' }] },
    reports: [
      { name: 'production', counts: { restart: 1, error: 0 } },
      { name: 'staging', counts: { error: 1 } },
    ],
  });
  expect(await type('--base', 'change', '--head', 'main')).toMatchObject({ exitCode: 0, told: '' });
});

test('with --registry, as the note says, a build of the same inputs is found', async () => {
  const registry = await startTestRegistry();
  try {
    repository.commit({ 'slipway.yaml': slipwayYaml(STAGING).replace('registry.example', `"${registry.host}"`) });
    const preview = async () => JSON.parse((await type('--base', 'main', '--registry', '--json')).stdout).images;
    const { entries, counts } = await preview();
    expect(counts).toMatchObject({ build: 1, found: 0 });
    registry.put('bot', `in-${entries[0].inputHash}`);
    expect((await preview()).counts).toMatchObject({ build: 0, found: 1 });
  } finally {
    await registry.close();
  }
});

test('a name that is no commit is refused', async () => {
  expect(await type('--head', 'gone')).toMatchObject({
    exitCode: 1,
    stderr: 'the clone has no commit "gone": name the change by --head\n',
  });
  expect(await type('--config', '../x')).toMatchObject({ exitCode: 2 });
});
