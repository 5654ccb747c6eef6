import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { checkWorkflow } from '#tests/workflow-rules.ts';
import { readManifest } from '../scripts/docs.ts';

const folder = join(repositoryRoot, '.github/workflows');
const workflows = readdirSync(folder);

function declaredInputs(action: string): readonly string[] | undefined {
  const file = join(repositoryRoot, action, 'action.yml');
  return existsSync(file) ? Object.keys(readManifest(readFileSync(file, 'utf8')).inputs) : undefined;
}

test.each(workflows)('%s keeps the rules', (name) => {
  expect(checkWorkflow(readFileSync(join(folder, name), 'utf8'), declaredInputs)).toEqual([]);
});

test('actionlint finds nothing', async () => {
  const toolbox = await obtainTools(['actionlint'], silentProgress);
  expect(execFileSync(toolbox.tool('actionlint'), ['-no-color'], { cwd: repositoryRoot, encoding: 'utf8' })).toBe('');
}, 300_000);

describe('each breach is found', () => {
  const good = readFileSync(join(folder, 'deploy.yml'), 'utf8');
  const breaches: [string, (text: string) => string, RegExp][] = [
    [
      'rights for all jobs',
      (text) => text.replace('permissions: {}', 'permissions: {contents: read}'),
      /missing on top/,
    ],
    ['a tag instead of a commit', (text) => text.replace(/checkout@[0-9a-f]{40}/, 'checkout@v7'), /not pinned/],
    ['a commit without its version', (text) => text.replace(/ # v7\.0\.1/, ''), /not pinned/],
    ['no timeout', (text) => text.replace('    timeout-minutes: 30\n', ''), /build has no timeout/],
    ['a right without a reason', (text) => text.replace(/ # the source/, ''), /no reason/],
    [
      'the build job may write',
      (text) => text.replace('contents: read', 'contents: write'),
      /builds images and may write/,
    ],
    ['a queue that forgets', (text) => text.replace('      queue: max\n', ''), /queue: max/],
    [
      'a writer that is cancelled',
      (text) => text.replace('cancel-in-progress: false', 'cancel-in-progress: true'),
      /cancelled half-way/,
    ],
    ['the bump job runs commands', (text) => `${text}      - run: npm ci\n`, /runs commands/],
    ['an expression in a run body', (text) => `${text}      - run: echo \${{ github.ref }}\n`, /expression inside/],
    [
      'an action that does not exist',
      (text) => text.replace('./actions/bump-overlay', './actions/bump'),
      /does not exist/,
    ],
    ['an input that does not exist', (text) => text.replace('environment: staging', 'env: staging'), /does not have/],
  ];
  test.each(breaches)('%s', (_name, change, message) => {
    const changed = change(good);
    expect(changed).not.toBe(good);
    expect(checkWorkflow(changed, declaredInputs).join('\n')).toMatch(message);
  });
});
