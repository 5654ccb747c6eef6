import { existsSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { CommandError } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import type { Makers } from '#lab/toolbox/obtain.ts';
import {
  inFolder,
  keptProgress,
  sampleLock,
  sampleMachine,
  sampleMakers,
  samplePorts,
} from '#lab/toolbox/tests/samples.ts';
import { obtainFrom } from '#lab/toolbox/toolbox.ts';

describe('obtaining', () => {
  test('builds what is missing, once, and says so', () =>
    inFolder(async (folder) => {
      const [done, lines]: [string[], string[]] = [[], []];
      const ports = samplePorts(folder, sampleMakers(done));
      await obtainFrom(ports, ['saw', 'plane', 'saw'], keptProgress(lines));
      await obtainFrom(ports, ['saw', 'plane'], keptProgress(lines));
      expect(done).toEqual(['built saw 1.0.0', 'built plane 2.0.0']);
      expect(lines).toEqual(['step saw 1.0.0', 'step plane 2.0.0']);
    }));

  test('gives absolute paths, Node 24 first on PATH', () =>
    inFolder(async (folder) => {
      const toolbox = await obtainFrom(samplePorts(folder, sampleMakers([])), ['saw', 'bench'], silentProgress);
      expect(readFileSync(toolbox.tool('saw'), 'utf8')).toBe('binary of saw');
      expect(toolbox.tool('bench')).toBe('/usr/sbin/bench');
      expect(toolbox.path).toEqual(['/node-24/bin', join(toolbox.tool('saw'), '..'), '/usr/sbin']);
      expect(() => toolbox.tool('plane')).toThrow(
        'the toolbox has no binary plane; what was asked for brings saw, bench',
      );
    }));

  test('a changed version rebuilds that tool alone', () =>
    inFolder(async (folder) => {
      const done: string[] = [];
      const makers = sampleMakers(done);
      await obtainFrom(samplePorts(folder, makers), ['saw', 'plane'], silentProgress);
      const lock = sampleLock({ saw: '1.0.1' });
      await obtainFrom(samplePorts(folder, makers, { lock }), ['saw', 'plane'], silentProgress);
      expect(done).toEqual(['built saw 1.0.0', 'built plane 2.0.0', 'built saw 1.0.1']);
    }));
});

describe('a tool that is there', () => {
  test.each([
    ['a binary cut short', (path: string) => truncateSync(join(path, 'bin', 'saw'), 3)],
    ['a binary gone', (path: string) => rmSync(join(path, 'bin', 'saw'))],
    ['a record gone', (path: string) => rmSync(join(path, 'made.json'))],
    ['a record that is not JSON', (path: string) => writeFileSync(join(path, 'made.json'), '{')],
  ])('%s is not taken for a tool: it is built again', (_what, damage) =>
    inFolder(async (folder) => {
      const done: string[] = [];
      const ports = samplePorts(folder, sampleMakers(done));
      const { tool } = await obtainFrom(ports, ['saw'], silentProgress);
      damage(join(tool('saw'), '..', '..'));
      await obtainFrom(ports, ['saw'], silentProgress);
      expect(done).toHaveLength(2);
      expect(readFileSync(tool('saw'), 'utf8')).toBe('binary of saw');
    }),
  );

  test('installs packages together, and only those that the machine lacks', () =>
    inFolder(async (folder) => {
      const programs: string[] = [];
      const done: string[] = [];
      const makers = sampleMakers(done, {
        install: async (tools) => {
          done.push(...tools.flatMap((tool) => tool.packages));
          programs.push('bench');
        },
      });
      const ports = samplePorts(folder, makers, { machine: sampleMachine(programs) });
      await obtainFrom(ports, ['bench'], silentProgress);
      await obtainFrom(ports, ['bench'], silentProgress);
      expect(done).toEqual(['bench-tools']);
    }));

  test('a name that the lock does not know is refused', () =>
    inFolder(async (folder) => {
      const ports = samplePorts(folder, sampleMakers([]));
      const expected = 'hammer: no such tool in tools.lock.json, which has saw, plane, bench';
      await expect(obtainFrom(ports, ['hammer'], silentProgress)).rejects.toThrow(new Refusal(expected));
    }));
});

describe('failing', () => {
  const failing = (name: string, error: () => Error): Makers['build'] => {
    const fine = sampleMakers([]).build;
    return async (tool, staging, note) => {
      if (tool.name === name) throw error();
      await fine(tool, staging, note);
    };
  };
  const broken = () =>
    new CommandError({ argv: ['go', 'install'], code: 1, reason: 'exited with code 1', stderr: 'saw.go:3: no' });

  test('names the tool, keeps the others, leaves nothing of the failed one', () =>
    inFolder(async (folder) => {
      const makers = sampleMakers([], { build: failing('saw', broken) });
      await expect(obtainFrom(samplePorts(folder, makers), ['saw', 'plane'], silentProgress)).rejects.toThrow(
        new Refusal('saw 1.0.0 could not be built: go install exited with code 1\nsaw.go:3: no'),
      );
      expect(readdirSync(folder).filter((name) => /^(saw|plane)/.test(name))).toEqual([
        expect.stringMatching(/^plane-2\.0\.0-[0-9a-f]{8}$/),
      ]);
      expect(readdirSync(join(folder, 'staging'))).toEqual([]);
    }));

  test('what the first check refuses is refused before anything is built', () =>
    inFolder(async (folder) => {
      const done: string[] = [];
      const refuse = () => Promise.reject(new Refusal('go: not found on PATH'));
      const ports = samplePorts(folder, sampleMakers(done, { check: refuse }));
      await expect(obtainFrom(ports, ['saw'], silentProgress)).rejects.toThrow('go: not found on PATH');
      expect(done).toEqual([]);
    }));

  test('the network is tried three times', () =>
    inFolder(async (folder) => {
      let tries = 0;
      const offline = () => {
        tries++;
        return new CommandError({ argv: ['go'], code: 1, reason: 'exited', stderr: 'dial tcp: no such host' });
      };
      const makers = sampleMakers([], { build: failing('saw', offline) });
      await expect(obtainFrom(samplePorts(folder, makers), ['saw'], silentProgress)).rejects.toThrow(
        /^saw 1\.0\.0: downloading failed \(dial tcp: no such host\)\. Check the network/,
      );
      expect(tries).toBe(3);
    }));

  test('a build that leaves no binary is refused', () =>
    inFolder(async (folder) => {
      const ports = samplePorts(folder, sampleMakers([], { build: async () => {} }));
      await expect(obtainFrom(ports, ['saw'], silentProgress)).rejects.toThrow('left no bin/saw');
      expect(existsSync(ports.shelf.pathOf(ports.lock.get('saw') as never))).toBe(false); // saw is a built tool
    }));

  test('a bug of ours stays what it is', () =>
    inFolder(async (folder) => {
      const makers = sampleMakers([], { build: failing('saw', () => new TypeError('x is undefined')) });
      await expect(obtainFrom(samplePorts(folder, makers), ['saw'], silentProgress)).rejects.toThrow(TypeError);
    }));
});
