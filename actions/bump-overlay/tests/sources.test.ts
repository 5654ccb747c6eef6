import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { expectRefused } from '#tests/support/refusals.ts';
import { openBranch, PRODUCTION, type TestBranch } from './branch.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

const refused = (name: string, index: number, source: string) =>
  expectRefused(import.meta.dirname, name, branch.tenant, () => branch.deploy(index, source));

describe('the source must be on the branch', () => {
  test('a feature commit that was never merged is refused', async () => {
    const feature = branch.side(branch.head(), { 'app/main.js': '// feature\n' }, 'feature');
    await expect(branch.deploy(0, feature)).rejects.toThrow(`${feature} is not on the branch`);
    expect(branch.tenant.releases()).toEqual([]);
    await branch.expectHonest();
  });

  test('a feature commit that was never merged is refused by a bump as a process', async () => {
    const feature = branch.side(branch.head(), { 'app/main.js': '// feature\n' }, 'feature');
    const head = branch.head();
    const { code, log } = await branch.deployByProcess(0, feature);
    expect([code, log]).toEqual([1, expect.stringContaining(`${feature} is not on the branch`)]);
    expect(branch.head()).toBe(head);
    await branch.expectHonest();
  });

  test('a squash merge: the feature’s own commit is refused, the squashed one deploys', async () => {
    const feature = branch.side(branch.head(), { 'app/main.js': '// feature\n' }, 'feature');
    const squashed = branch.tenant.commit({ 'app/main.js': '// feature\n' }, 'feature (#1)');
    await refused('not-on-branch', 0, feature);
    expect((await branch.deploy(0, squashed)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('a commit that was pushed away while its run was under way is refused', async () => {
    const start = branch.head();
    const gone = branch.appChange('gone');
    branch.tenant.remoteGit('update-ref', 'refs/heads/main', start);
    branch.reset();
    await expect(branch.deploy(0, gone)).rejects.toThrow('is not on the branch');
    await branch.expectHonest();
  });

  test('a deployed source that history lost counts as older, with a note', async () => {
    const start = branch.head();
    branch.appChange('will be rewritten');
    expect((await branch.deploy(0)).outcome).toBe('landed');
    const overlay = `${branch.tenant.readOverlay()}\n`;
    const message = branch.tenant.remoteGit('log', '-1', '--format=%B', 'main');
    branch.reset(start);
    writeFileSync(join(branch.tenant.clone, 'app/main.js'), '// rewritten\n');
    branch.tenant.git('commit', '-qam', 'rewritten');
    writeFileSync(join(branch.tenant.clone, PRODUCTION), overlay);
    branch.tenant.git('commit', '-qam', message);
    branch.tenant.git('push', '-q', '-f', 'origin', 'main');
    const landed = await branch.deploy(1);
    expect(landed.outcome).toBe('landed');
    expect(landed.runner.warnings.join()).toContain('no longer on the branch: it counts as older');
    await branch.expectHonest();
  });

  test('a branch that was deleted and made again with another history', async () => {
    branch.appChange('old world');
    expect((await branch.deploy(0)).outcome).toBe('landed');
    branch.tenant.git('fetch', '-q', 'origin');
    const tree = branch.tenant.remoteGit('rev-parse', 'main^{tree}');
    const fresh = branch.tenant.git('commit-tree', '-m', 'fresh', tree);
    branch.tenant.git('push', '-q', '-f', 'origin', `${fresh}:refs/heads/main`);
    branch.reset();
    expect((await branch.deploy(1, fresh)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('two sides of one octopus merge are refused beside each other, and the merge deploys', async () => {
    const start = branch.head();
    const one = branch.side(start, { 'app/main.js': '// one\n' }, 'one');
    const other = branch.side(start, { 'x.md': 'other\n' }, 'other');
    const merged = branch.merge([one, other]);
    expect((await branch.deploy(0, one)).outcome).toBe('landed');
    const message = await refused('beside', 1, other);
    expect(message).toContain(`deploy that merge, ${merged}`);
    expect((await branch.deploy(1, merged)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('a revert of the app’s commit deploys the older digest again', async () => {
    const one = branch.appChange('one');
    expect((await branch.deploy(0, one)).outcome).toBe('landed');
    const two = branch.appChange('two');
    expect((await branch.deploy(1, two)).outcome).toBe('landed');
    const reverted = branch.tenant.commit({ 'app/main.js': '// one\n' }, 'Revert "two"');
    expect((await branch.deploy(0, reverted)).outcome).toBe('landed');
    expect((await branch.deploy(1, two)).outcome).toBe('superseded');
    await branch.expectHonest();
  });

  test('a commit that was picked onto the branch again has its own place', async () => {
    const feature = branch.side(branch.head(), { 'app/main.js': '// picked\n' }, 'feature');
    branch.tenant.commit({ 'x.md': 'between' });
    branch.tenant.git('cherry-pick', feature);
    branch.tenant.git('push', '-q', 'origin', 'main');
    expect((await branch.deploy(0)).outcome).toBe('landed');
    await branch.expectHonest();
  });
});
