import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createExec, type Exec } from '#core/system/exec.ts';
import { type AptPorts, checkApt, installWithApt } from '#lab/toolbox/apt.ts';
import { buildWithGo, checkGo, compareVersions, goBuildCommand, goInstallCommand } from '#lab/toolbox/go.ts';
import { readLock, type ToolFrom } from '#lab/toolbox/lock.ts';
import { lookAtMachine } from '#lab/toolbox/machine.ts';
import { checkPython } from '#lab/toolbox/python.ts';
import { inFolder, sampleMachine } from '#lab/toolbox/tests/samples.ts';

function locked<From extends 'go' | 'go-module' | 'python' | 'apt'>(from: From, name: string): ToolFrom<From> {
  const tool = readLock().get(name);
  if (tool?.from !== from) throw new Error(`${name} is not obtained from ${from}`);
  return tool as ToolFrom<From>; // just compared
}

/** Does `work` with a PATH on which there is one program, a script, or none. */
function withProgram<T>(name: string, script: string | undefined, work: (exec: Exec, folder: string) => Promise<T>) {
  return inFolder((folder) => {
    if (script !== undefined) writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return work(createExec({ PATH: folder }), folder);
  });
}

describe('Go', () => {
  const tools = [locked('go', 'kustomize'), locked('go-module', 'argocd'), locked('go', 'act')];

  test.each([
    [
      undefined,
      'go: not found on PATH. argocd 3.2.11 is built with it: install Go 1.25.5 or newer (https://go.dev/doc/install)',
    ],
    [
      'echo go1.24.9',
      'go: version 1.24.9 is too old, argocd 3.2.11 needs 1.25.5: install Go 1.25.5 or newer (https://go.dev/doc/install)',
    ],
    [
      'echo broken >&2; exit 2',
      'go: go env GOVERSION exited with code 2\nbroken. argocd 3.2.11 is built with it: install Go 1.25.5 or newer (https://go.dev/doc/install)',
    ],
  ])('that answers %j is refused', (script, message) =>
    withProgram('go', script, (exec) => expect(checkGo(exec, tools)).rejects.toThrow(message)),
  );

  test.each(['go1.25.5', 'go1.26', 'go1.26rc1', 'go1.27.1 X:nodwarf5', 'go2.0'])('%s will do', (version) =>
    withProgram('go', `echo "${version}"`, (exec) => expect(checkGo(exec, tools)).resolves.toBeUndefined()),
  );

  test('is not asked for when nothing is built with it', () => checkGo(createExec({ PATH: '' }), []));

  test('compares versions by number', () => {
    expect(compareVersions('1.9', '1.25.5')).toBeLessThan(0);
    expect(compareVersions('1.25', '1.25.0')).toBe(0);
    expect(compareVersions('1.26.8', '1.25.9')).toBeGreaterThan(0);
  });
});

describe('a build with Go', () => {
  test('gets these commands', () => {
    expect(goInstallCommand(locked('go', 'act')).join(' ')).toBe(
      'go install -v -trimpath -ldflags -s -w -X main.version=0.2.89 github.com/nektos/act@v0.2.89',
    );
    expect(goBuildCommand(locked('go-module', 'etcd'), '/s/bin').join(' ')).toBe(
      'go build -v -trimpath -buildvcs=false -mod=readonly -ldflags -s -w -gcflags=all=-l -dwarf=false -o /s/bin/etcd go.etcd.io/etcd/server/v3',
    );
    expect(goBuildCommand(locked('go-module', 'kubernetes'), '/s/bin')).toContain('/s/bin/');
  });

  test('builds where our module is, and tells how far it is', () =>
    withProgram(
      'go',
      'echo "go: downloading k8s.io/api v1" >&2; echo "k8s.io/api/core/v1" >&2; /bin/pwd; echo "$CGO_ENABLED $GOTOOLCHAIN"',
      async (exec, folder) => {
        const [notes, lines]: [string[], string[]] = [[], []];
        const kept: Exec = async (argv, options) =>
          exec(argv, {
            ...options,
            onLine: (line) => {
              lines.push(line);
              options?.onLine?.(line);
            },
          });
        await buildWithGo(kept, locked('go-module', 'etcd'), folder, (note) => notes.push(note));
        expect(notes).toEqual(['downloading k8s.io/api', '1 packages compiled, latest k8s.io/api/core/v1']);
        expect(lines).toEqual(
          expect.arrayContaining([expect.stringMatching(/lab\/toolbox\/modules\/etcd$/), '0 local']),
        );
      },
    ));

  test('copies the files that are wanted at run time, writable', () =>
    withProgram('go', undefined, async (_none, folder) => {
      const module = join(folder, 'module');
      for (const path of ['manifests/crds', 'manifests/base/config/deep', 'manifests/other']) {
        mkdirSync(join(module, path), { recursive: true });
        writeFileSync(join(module, path, 'a.yaml'), path);
        chmodSync(join(module, path, 'a.yaml'), 0o444);
      }
      const exec: Exec = async () => ({ code: 0, stdout: Buffer.from(JSON.stringify({ Dir: module })), stderr: '' });
      await buildWithGo(exec, locked('go-module', 'argocd'), join(folder, 'staging'), () => {});
      const files = join(folder, 'staging', 'files', 'argocd', 'manifests');
      expect(readFileSync(join(files, 'crds', 'a.yaml'), 'utf8')).toBe('manifests/crds');
      expect(existsSync(join(files, 'base', 'config', 'deep', 'a.yaml'))).toBe(true);
      expect(existsSync(join(files, 'other'))).toBe(false);
      writeFileSync(join(files, 'crds', 'a.yaml'), 'changed');
    }));
});

test('a module of which we replace files is built in a copy, and the copy goes', () =>
  withProgram('go', undefined, async (_none, folder) => {
    const module = join(folder, 'module');
    const tool = locked('go-module', 'external-secrets');
    for (const path of ['pkg/provider/register', 'pkg/generator/register', 'config/crds/bases'])
      mkdirSync(join(module, path), { recursive: true });
    writeFileSync(join(module, 'pkg/provider/register/register.go'), 'forty providers', { mode: 0o444 });
    writeFileSync(join(module, 'main.go'), 'as it is');
    let built: Record<string, string> = {};
    const exec: Exec = async ([, verb], { cwd = '' } = {}) => {
      if (verb === 'build')
        built = Object.fromEntries(
          ['main.go', ...Object.keys(tool.overrides ?? {})].map((path) => [
            path,
            readFileSync(join(cwd, path), 'utf8'),
          ]),
        );
      return { code: 0, stdout: Buffer.from(JSON.stringify({ Dir: module })), stderr: '' };
    };
    await buildWithGo(exec, tool, join(folder, 'staging'), () => {});
    expect(built['main.go']).toBe('as it is');
    expect(built['pkg/provider/register/register.go']).toMatch(/import _ "github.com\/\S+\/pkg\/provider\/aws"\n$/);
    expect(existsSync(join(folder, 'staging', 'source'))).toBe(false);
    expect(readFileSync(join(module, 'pkg/provider/register/register.go'), 'utf8')).toBe('forty providers');
  }));

describe('Python', () => {
  const tools = [locked('python', 'moto')];

  test.each([
    [
      undefined,
      /^python3: not found on PATH\. moto 5\.2\.1 runs on it: apt-get install python3 python3-venv \(as root\)$/,
    ],
    ['echo 3.9', /^python3: version 3\.9 is too old, moto 5\.2\.1 needs Python 3\.11 or newer on PATH$/],
    [
      'echo "ModuleNotFoundError: No module named \'ensurepip\'" >&2; exit 1',
      /^python3: cannot make virtual environments\. moto 5\.2\.1 runs on it: apt-get install python3-venv \(as root\)$/,
    ],
  ])('that answers %j is refused', (script, message) =>
    withProgram('python3', script, (exec) => expect(checkPython(exec, tools)).rejects.toThrow(message)),
  );

  test('3.13 will do', () =>
    withProgram('python3', 'echo 3.13', (exec) => expect(checkPython(exec, tools)).resolves.toBeUndefined()));
});

const packages = [locked('apt', 'redis'), locked('apt', 'packer')];
const silent: Exec = async () => ({ code: 0, stdout: Buffer.from(''), stderr: '' });
const ports = (programs: readonly string[], changes: Partial<AptPorts> = {}): AptPorts => {
  const machine = sampleMachine(programs);
  return { exec: silent, machine, isRoot: true, policyFile: '/none', ...changes };
};

describe('apt', () => {
  test('refuses without apt-get', () => {
    expect(() => checkApt(ports([]), packages)).toThrow(
      'redis-server, packer: not on this machine, which has no apt-get either: install what Debian calls redis-server packer, and put it on PATH',
    );
  });

  test('refuses without root, and names the command', () => {
    expect(() => checkApt(ports(['apt-get', 'packer'], { isRoot: false }), packages.slice(0, 1))).toThrow(
      'redis-server: not on this machine, and only root can install it: sudo apt-get install redis-server',
    );
  });

  test('asks for nothing when nothing is missing', () => checkApt(ports([], { isRoot: false }), []));
});

describe('an installation by apt', () => {
  test('keeps services from starting while it installs, and only then', () =>
    inFolder(async (folder) => {
      const policyFile = join(folder, 'policy-rc.d');
      const programs: string[] = [];
      const seen: string[] = [];
      const exec: Exec = async (argv, options) => {
        seen.push(
          `${argv.includes('update') ? 'update' : argv.slice(-2).join(' ')}: ${readFileSync(policyFile, 'utf8').split('\n').at(-2)}`,
        );
        programs.push('redis-server', 'packer');
        return silent(argv, options);
      };
      await installWithApt(ports(programs, { exec, policyFile }), packages, () => {});
      expect(seen).toEqual(['update: exit 101', 'redis-server packer: exit 101']);
      expect(existsSync(policyFile)).toBe(false);
    }));

  test('leaves a policy that was there as it was', () =>
    inFolder(async (folder) => {
      const policyFile = join(folder, 'policy-rc.d');
      writeFileSync(policyFile, '#!/bin/sh\nexit 104\n');
      await installWithApt(ports(['redis-server', 'packer'], { policyFile }), packages, () => {});
      expect(readFileSync(policyFile, 'utf8')).toBe('#!/bin/sh\nexit 104\n');
    }));

  test('takes its policy away after a failure, and one that a killed lab left', () =>
    inFolder(async (folder) => {
      const policyFile = join(folder, 'policy-rc.d');
      let left = '';
      const fail: Exec = async () => {
        left = readFileSync(policyFile, 'utf8');
        throw new Error('apt-get failed');
      };
      await expect(installWithApt(ports([], { exec: fail, policyFile }), packages, () => {})).rejects.toThrow(
        'apt-get failed',
      );
      expect(existsSync(policyFile)).toBe(false);
      writeFileSync(policyFile, left);
      await installWithApt(ports(['redis-server', 'packer'], { policyFile }), packages, () => {});
      expect(existsSync(policyFile)).toBe(false);
    }));

  test('says which program the packages did not bring', () =>
    inFolder(async (folder) => {
      const incomplete = ports(['packer'], { policyFile: join(folder, 'policy-rc.d') });
      await expect(installWithApt(incomplete, packages, () => {})).rejects.toThrow(
        /^redis 7\.0\.15 \(redis-server\): still missing after apt-get install redis-server: /,
      );
    }));
});

test('the machine is searched along PATH: a folder, or a file that cannot be run, is not a program', () =>
  inFolder((folder) => {
    for (const name of ['one', 'two']) mkdirSync(join(folder, name));
    mkdirSync(join(folder, 'one', 'ctr'));
    writeFileSync(join(folder, 'one', 'runc'), '', { mode: 0o644 });
    for (const name of ['ctr', 'runc']) writeFileSync(join(folder, 'two', name), '', { mode: 0o755 });
    const machine = lookAtMachine(`relative:${folder}/one::${folder}/two`);
    expect(machine.find('ctr')).toBe(join(folder, 'two', 'ctr'));
    expect(machine.find('runc')).toBe(join(folder, 'two', 'runc'));
    expect(machine.find('no-such-program')).toBeUndefined();
    const cni = { ...locked('apt', 'cni'), files: { 'cni/plugins': join(folder, 'three') } };
    expect(machine.missing(cni)).toEqual([join(folder, 'three')]);
  }));
