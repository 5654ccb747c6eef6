import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type BuildIngredients, computeInputHash } from '#core/source/input-hash.ts';
import { openSourceTree } from '#core/source/source-tree.ts';
import { createExec } from '#core/system/exec.ts';
import type { Digest } from '#core/values/reference.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const id = (path: string, oid: string, mode = '040000') => ({ path, oid, mode, type: 'tree' as const });
const ingredients: BuildIngredients = {
  kind: 'image',
  inputs: [id('app', 'a'), id('lib', 'b')],
  template: [id('docker/build.pkr.hcl', 'c', '100644')],
  variables: { one: '1', two: '2' },
  base: digest('1'),
};

describe('computeInputHash', () => {
  test('is 64 hex digits, the same in every order of writing', () => {
    const other = { ...ingredients, inputs: [...ingredients.inputs].reverse(), variables: { two: '2', one: '1' } };
    expect(computeInputHash(ingredients)).toMatch(/^[0-9a-f]{64}$/);
    expect(computeInputHash(other)).toBe(computeInputHash(ingredients));
  });

  test('stays what it was in released versions: a change here builds every image again', () => {
    expect(computeInputHash(ingredients)).toBe('0c1bf438d0a93aeb1c781d59656bba083f42a4ad30c4a7d564655fe14473ad5f');
  });

  const changed: Record<string, Partial<BuildIngredients>> = {
    'an input has other content': { inputs: [id('app', 'x'), id('lib', 'b')] },
    'an input has another mode': { inputs: [id('app', 'a', '100755'), id('lib', 'b')] },
    'an input is elsewhere': { inputs: [id('app2', 'a'), id('lib', 'b')] },
    'an input is gone': { inputs: [id('app', 'a')] },
    'content moved from one input to another': { inputs: [id('app', 'b'), id('lib', 'a')] },
    'the template is another': { template: [id('docker/build.pkr.hcl', 'x', '100644')] },
    'an input became a template': { inputs: [id('app', 'a')], template: [...ingredients.template, id('lib', 'b')] },
    'a variable has another value': { variables: { one: '1', two: '3' } },
    'a variable swallowed the next': { variables: { one: '1","two","2' } },
    'a name and a value are cut elsewhere': { variables: { one1: '', two: '2' } },
    'the base image moved': { base: digest('2') },
    'only the dependencies are built': { kind: 'dependencies' },
  };
  test.each(Object.keys(changed))('is another when %s', (name) => {
    expect(computeInputHash({ ...ingredients, ...changed[name] })).not.toBe(computeInputHash(ingredients));
  });
});

describe('openSourceTree', () => {
  let folder: string;
  const exec = createExec({ PATH: process.env['PATH'], HOME: '/nonexistent' });
  const git = (...args: string[]) =>
    exec(['git', '-C', folder, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args]);
  const commit = async () => {
    await git('add', '--all');
    await git('commit', '--quiet', '--message', 'x');
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'source-tree-'));
    await git('init', '--quiet');
    mkdirSync(join(folder, 'app/src'), { recursive: true });
    writeFileSync(join(folder, 'app/src/main.ts'), 'one');
    writeFileSync(join(folder, 'app/package.json'), '{}');
    writeFileSync(join(folder, '*.md'), 'a name that is a pattern');
    await commit();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('finds files and folders, one inside the other, in the order asked for, absent ones as undefined', async () => {
    const source = await openSourceTree(exec, folder);
    const found = await source.findEntries([
      'app/package.json',
      'nothing',
      'app',
      'app/',
      './app/src',
      '.',
      '*.md',
      '*',
    ]);
    expect(found.map((entry) => entry?.path)).toEqual([
      'app/package.json',
      undefined,
      'app',
      'app',
      'app/src',
      '.',
      '*.md',
      undefined,
    ]);
    expect(found.map((entry) => entry?.type)).toEqual([
      'blob',
      undefined,
      'tree',
      'tree',
      'tree',
      'tree',
      'blob',
      undefined,
    ]);
  });

  test('sees the commit alone: a changed file, an untracked one and the index do not count', async () => {
    const before = await (await openSourceTree(exec, folder)).findEntries(['app']);
    writeFileSync(join(folder, 'app/src/main.ts'), 'two');
    writeFileSync(join(folder, 'app/untracked'), 'x');
    await git('add', 'app/src');
    expect(await (await openSourceTree(exec, folder)).findEntries(['app'])).toEqual(before);
    await commit();
    expect(await (await openSourceTree(exec, folder)).findEntries(['app'])).not.toEqual(before);
  });

  test('sees the executable bit of a single file', async () => {
    const source = await openSourceTree(exec, folder);
    chmodSync(join(folder, 'app/package.json'), 0o755);
    await commit();
    const [before] = await source.findEntries(['app/package.json']);
    const [after] = await (await openSourceTree(exec, folder)).findEntries(['app/package.json']);
    expect([before?.mode, after?.mode]).toEqual(['100644', '100755']);
  });

  test('reads a file of the commit, undefined for none', async () => {
    const source = await openSourceTree(exec, folder);
    writeFileSync(join(folder, 'app/package.json'), 'changed');
    expect(await source.readText('app/package.json')).toBe('{}');
    expect(await source.readText('nothing')).toBeUndefined();
    expect(await source.readText('app')).toBeUndefined();
  });

  test('refuses paths that leave the repository', async () => {
    const source = await openSourceTree(exec, folder);
    await expect(source.findEntries(['../x'])).rejects.toThrow('path: "../x" is not inside the repository');
    await expect(source.findEntries(['/etc'])).rejects.toThrow('is not inside the repository');
  });

  test('says what to do where nothing is checked out', async () => {
    await expect(openSourceTree(exec, tmpdir())).rejects.toThrow('run actions/checkout in an earlier step');
  });
});
