import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** Those that lint.test.ts makes come and go beside this test. */
const isSample = (path: string): boolean => path.includes('lint-sample-');
const paths = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && !isSample(path) && existsSync(join(repositoryRoot, path)));
const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const written = paths.filter(
  (path) => !/\/dist\/|(^|\/)(package-lock\.json|go\.sum|(moto|checkov)\.txt)$|\.(png)$/.test(path),
);

/** Returns `path:line` of each line that matches. */
function findLines(files: readonly string[], pattern: RegExp): string[] {
  return files.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1} ${line.trim()}`] : [])),
  );
}

test('lock files hold no download addresses', () => {
  expect(
    findLines(
      paths.filter((path) => path.endsWith('package-lock.json')),
      /"resolved"/,
    ),
  ).toEqual([]);
});

test('no path of a machine is written down', () => {
  expect(findLines(written, new RegExp(`(?<![\\w.-])/(${['root', 'work', 'farm'].join('|')}|home/\\w+)/\\w`))).toEqual(
    [],
  );
});

test('no address of a package registry is written down', () => {
  const hosts = [
    ['registry', 'npmjs', 'org'],
    ['pypi', 'org'],
    ['proxy', 'golang', 'org'],
    ['deb', 'debian', 'org'],
  ].map((parts) => parts.join('\\.'));
  expect(findLines(written, new RegExp(hosts.join('|')))).toEqual([]);
});

test('nothing hidden is here but what git, npm and the workflows need: tools leave their caches so', () => {
  const hidden = paths.filter((path) => path.startsWith('.')).map((path) => path.split('/')[0]);
  expect([...new Set(hidden)].sort()).toEqual(['.ci', '.gitattributes', '.github', '.gitignore', '.npmrc']);
});

test('no test is skipped or focused, and nothing is marked as unfinished', () => {
  const tests = written.filter((path) => /\.(test|e2e)\.ts$/.test(path));
  expect(findLines(tests, /\b(it|test|describe)\.(skip|only|todo)\b|\bx(it|describe)\(/)).toEqual([]);
  const marks = ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|');
  expect(
    findLines(
      written.filter((path) => /\.(ts|mjs|ya?ml|hcl)$/.test(path)),
      new RegExp(`\\b(${marks})\\b`),
    ),
  ).toEqual([]);
});

describe('links between documents lead somewhere', () => {
  const documents = written.filter((path) => path.endsWith('.md'));
  test.each(documents)('%s', (path) => {
    const targets = [...read(path).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
      .map((match) => match[1] ?? '')
      .filter((target) => !/^[a-z]+:/.test(target));
    expect(targets.filter((target) => !existsSync(join(repositoryRoot, dirname(path), target)))).toEqual([]);
  });
});
