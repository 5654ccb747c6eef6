import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { binariesOf, folderName, isBuilt, lockFolder, parseLock, readLock, type ToolFrom } from '#lab/toolbox/lock.ts';
import { auditTools, benchTools, checkTools, clusterTools, lightTools, otherTools } from '#lab/toolbox/toolbox.ts';

const lock = readLock();
const modules = [...lock.values()].filter((tool): tool is ToolFrom<'go-module'> => tool.from === 'go-module');

describe('the lock', () => {
  test('has each binary once', () => {
    const binaries = [...lock.values()].flatMap(binariesOf);
    expect(binaries.length).toBe(new Set(binaries).size);
  });

  test('has every tool of the groups, and the groups every tool', () => {
    const grouped = new Set<string>([
      ...lightTools,
      ...clusterTools,
      ...checkTools,
      ...auditTools,
      ...benchTools,
      ...otherTools,
    ]);
    expect([...grouped].sort()).toEqual([...lock.keys()].sort());
  });

  test('gives only the benchmark what only the benchmark needs', () => {
    const others = new Set<string>([...lightTools, ...clusterTools, ...checkTools, ...auditTools]);
    expect(benchTools.filter((name) => others.has(name))).toEqual([]);
  });

  test('agrees with the modules that pin what is compiled in', () => {
    expect(modules.map((tool) => tool.folder).sort()).toEqual(readdirSync(join(lockFolder, 'modules')).sort());
    for (const tool of modules) {
      const text = readFileSync(join(lockFolder, 'modules', tool.folder, 'go.mod'), 'utf8');
      expect(text).toMatch(new RegExp(`^(require |\t)${tool.module} v${tool.version}( |$)`, 'm'));
      expect(text).toContain(`\ngo ${tool.go}\n`);
      for (const mainPackage of Object.values(tool.binaries)) expect(text).toContain(mainPackage);
    }
  });

  test('names binaries as Go does where it builds several at once', () => {
    for (const { binaries } of modules.filter((tool) => Object.keys(tool.binaries).length > 1)) {
      for (const [name, mainPackage] of Object.entries(binaries)) expect(basename(mainPackage)).toBe(name);
    }
  });

  test('pins every Python package', () => {
    for (const tool of lock.values()) {
      if (tool.from !== 'python') continue;
      const lines = readFileSync(join(lockFolder, tool.requirements), 'utf8').trim().split('\n');
      const packages = lines.filter((line) => !line.startsWith('#'));
      expect(packages).toContain(`${tool.name}==${tool.version}`);
      for (const line of packages) expect(line).toMatch(/^[\w.-]+==[\w.]+$/);
    }
  });

  test.each([
    ['an unknown kind', '{"saw": {"from": "brew", "version": "1"}}', /saw/],
    [
      'an unknown key',
      '{"saw": {"from": "machine", "version": "1", "binaries": ["saw"], "remedy": "", "extra": 1}}',
      /extra/,
    ],
    ['no binaries', '{"saw": {"from": "machine", "version": "1", "binaries": [], "remedy": "buy"}}', /binaries/],
  ])('with %s is refused', (_what, text, place) => {
    expect(() => parseLock(text)).toThrow(place);
  });
});

describe("a tool's folder", () => {
  const built = [...lock.values()].filter(isBuilt);

  test('is named by everything that decides what is in it', () => {
    for (const tool of built) {
      const name = folderName(tool, '/tools');
      expect(name).toMatch(new RegExp(`^${tool.name}-${tool.version}-[0-9a-f]{8}$`));
      expect(folderName({ ...tool, version: '0.0.1' }, '/tools')).not.toBe(name.replace(tool.version, '0.0.1'));
    }
  });

  test('is another one for Python in another place, and the same for the rest', () => {
    for (const tool of built) {
      expect(folderName(tool, '/elsewhere') === folderName(tool, '/tools')).toBe(tool.from !== 'python');
    }
  });

  test('changes with the go.sum of its module', () => {
    const [etcd, argocd] = [lock.get('etcd'), lock.get('argocd')] as ToolFrom<'go-module'>[]; // both are, see above
    if (etcd === undefined || argocd === undefined) throw new Error('they are in the lock');
    expect(folderName({ ...etcd, folder: argocd.folder }, '/tools')).not.toBe(folderName(etcd, '/tools'));
  });
});
