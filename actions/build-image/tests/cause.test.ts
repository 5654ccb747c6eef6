import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { findCause } from '../src/engine/cause.ts';
import { BuildFailure } from '../src/engine/failure.ts';
import { runPacker } from '../src/engine/packer.ts';
import { renderFailure } from '../src/summary.ts';

/** What Packer 1.6.6 printed when builds failed, and the line that says why. */
const folder = join(import.meta.dirname, 'packer-output');
const causes: Record<string, string> = {
  'npm-package-not-found': 'npm error 404 Not Found - GET http://mirror.example/no-such-package-of-ours',
  'npm-broken-package-json': 'npm error JSON.parse Failed to parse JSON data.',
  'file-that-a-script-needs-is-missing': 'chmod: /usr/local/bin/idle: No such file or directory',
  'folder-to-copy-is-missing': "* Bad source 'missing/': stat missing/: no such file or directory",
  'command-not-found': '/tmp/script_4684.sh: line 2: no-such-command: not found',
  'template-does-not-parse': 'Error: Argument or block definition required',
  'base-image-not-found': `docker: Error response from daemon: manifest for registry.example/lab/base@sha256:${'a'.repeat(64)} not found: manifest unknown: manifest unknown`,
};

describe('the cause of a failed build is found in what Packer printed', () => {
  test('every recorded output has its row', () => {
    expect(readdirSync(folder).toSorted()).toEqual(
      Object.keys(causes)
        .map((name) => `${name}.txt`)
        .toSorted(),
    );
  });
  test.each(Object.entries(causes))('%s', (name, line) => {
    const found = findCause(readFileSync(join(folder, `${name}.txt`), 'utf8').split('\n'));
    expect(found).toContain(line);
    expect(found.length).toBeLessThanOrEqual(8);
    expect(found.join('\n')).not.toMatch(
      /Wait completed|Killing|Some builds|no artifacts|Run command|docker\.\w+:|--help/,
    );
  });
});

const build = (...lines: string[]): string[] => [
  '==> docker.web: Starting docker container...',
  '==> docker.web: Provisioning with shell script: /tmp/packer-shell1',
  ...lines.map((line) => `    docker.web: ${line}`),
  '==> docker.web: Provisioning step had errors: Running the cleanup provisioner, if present...',
  "Build 'docker.web' errored after 1 second: Script exited with non-zero exit status: 1.Allowed exit codes are: [0]",
];

describe('other programs’ ways to fail', () => {
  test.each<[string, string[], string[]]>([
    [
      'an old npm',
      ['npm WARN deprecated x: not found', 'npm ERR! code E404', 'npm ERR! 404 Not Found'],
      ['npm ERR! code E404', 'npm ERR! 404 Not Found'],
    ],
    ['apt', ['Reading package lists...', 'E: Unable to locate package curll'], ['E: Unable to locate package curll']],
    [
      'a fault that the script survives, then the one that ends it',
      ['error: cache is empty, going on', ...Array.from({ length: 20 }, (_, n) => `step ${n}`), 'fatal: no disk'],
      ['fatal: no disk'],
    ],
    [
      'a stack between two lines of one fault',
      [
        'Traceback (most recent call last):',
        '  File "a.py", line 1',
        '    import x',
        "ModuleNotFoundError: no such module 'x'",
      ],
      [
        'Traceback (most recent call last):',
        '  File "a.py", line 1',
        '    import x',
        "ModuleNotFoundError: no such module 'x'",
      ],
    ],
    ['words that name no fault: the last ones', ['one', 'two', 'exit 3'], ['one', 'two', 'exit 3']],
    ['nothing at all', [], []],
  ])('%s', (_name, printed, expected) => {
    expect(findCause(build(...printed))).toEqual(expected);
  });
  test('Packer’s own trace is not the cause', () => {
    const trace = '2026/11/26 22:56:16 packer-provisioner-shell: error: EOF';
    expect(findCause([...build('fatal: disk'), trace].toSpliced(2, 0, trace))).toEqual(['fatal: disk']);
  });
});

describe('the step’s error and the summary of a failed build', () => {
  async function fail(script: string): Promise<unknown> {
    const scratch = mkdtempSync(join(tmpdir(), 'slipway-packer-'));
    try {
      writeFileSync(join(scratch, 'packer'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const exec = createExec({ PATH: `${scratch}:${process.env['PATH']}` });
      const packer = { image: 'web', template: 'x.pkr.hcl', folder: scratch, variables: {} };
      return await runPacker(packer, exec, silentLog).then(
        () => undefined,
        (error: unknown) => error,
      );
    } finally {
      rmSync(scratch, { recursive: true });
    }
  }
  const summary = (error: unknown): string =>
    renderFailure('web', error as Error, 'c'.repeat(40), { repositoryUrl: 'https://github.example/acme/shop' });

  test('begin with the cause, and name the template', async () => {
    const output = build('npm ERR! code E404', 'npm ERR! 404 `x`').map((line) => `echo '${line.replaceAll("'", '')}'`);
    const error = await fail(`${output.join('\n')}\nexit 1`);
    expect(error).toBeInstanceOf(BuildFailure);
    expect(error).toBeInstanceOf(Refusal);
    expect(String(error)).toBe(
      'Refusal: web was not built from x.pkr.hcl: npm ERR! code E404\nnpm ERR! 404 `x`\n(the log above has the rest)',
    );
    const page = summary(error);
    expect(page).toMatch(/^### 💥 web was not built\n\n```\nnpm ERR! code E404\nnpm ERR! 404 `x`\n```\n/);
    expect(page).toContain('Nothing of it was pushed: what is deployed stays.');
    expect(page).toContain(`[\`x.pkr.hcl\`](https://github.example/acme/shop/blob/${'c'.repeat(40)}/x.pkr.hcl)`);
  });
  test('without a reason in the output, say how Packer ended', async () => {
    expect(String(await fail('exit 3'))).toContain('x.pkr.hcl: packer build exited with code 3 without a reason');
    expect(summary(await fail('kill -9 $$'))).toContain('packer build was ended without a reason');
  });
  test('another refusal has a summary as well, and nothing in a reason leaves the block', () => {
    const page = summary(new Refusal('the registry is down\n```\n# <b>x'));
    expect(page).toContain('````\nthe registry is down\n```\n# <b>x\n````\n\nWhat is deployed stays.');
  });
});
