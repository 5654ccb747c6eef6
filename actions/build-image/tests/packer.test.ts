import { describe, expect, test } from '@jest/globals';
import { createExec } from '#core/system/exec.ts';
import { hasPluginsBuiltIn, needsInit, packerArgv, runPacker, toolEnvironment } from '../src/engine/packer.ts';

describe('packerArgv', () => {
  const rows: [string, string, Record<string, string>, string[]][] = [
    ['no variables', 'docker/build.pkr.hcl', {}, ['packer', 'build', '-color=false', 'build.pkr.hcl']],
    ['a template at the top', 'x.pkr.hcl', {}, ['packer', 'build', '-color=false', 'x.pkr.hcl']],
    [
      'variables in their order',
      'docker/build.pkr.hcl',
      { image_repository: 'host:5000/bot', layer: 'app' },
      [
        'packer',
        'build',
        '-color=false',
        '-var',
        'image_repository=host:5000/bot',
        '-var',
        'layer=app',
        'build.pkr.hcl',
      ],
    ],
    [
      'values that a shell would take for its own',
      'docker/build.pkr.hcl',
      { a: '$(id)`id`; "id" \n--force', b: '=x=' },
      ['packer', 'build', '-color=false', '-var', 'a=$(id)`id`; "id" \n--force', '-var', 'b==x=', 'build.pkr.hcl'],
    ],
  ];
  test.each(rows)('%s', (_name, template, variables, argv) => {
    expect(packerArgv({ template, variables })).toEqual(argv);
  });
});

test.each([
  ['Packer v1.6.6', true],
  ['Packer v1.5.0-dev', true],
  ['Packer v1.7.0', false],
  ['Packer v1.14.2\n\nYour version of Packer is out of date! The latest version\nis 1.15.0.', false],
  ['Packer v2.0.0', false],
])('%s has its plugins built in: %s', (version, expected) => {
  expect(hasPluginsBuiltIn(version)).toBe(expected);
});

describe('toolEnvironment', () => {
  const all = {
    PATH: process.env['PATH'],
    HOME: '/home/ci',
    DOCKER_HOST: 'unix:///x.sock',
    PACKER_LOG: '1',
    https_proxy: 'http://proxy',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_SESSION_TOKEN: 'secret',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'secret',
    GITHUB_TOKEN: 'secret',
    INPUT_TOKEN: 'secret',
    PKR_VAR_base_image: 'evil',
    UNSET: undefined,
  };

  test('hands over what Packer and Docker need and no credentials', () => {
    const { PATH: _path, ...rest } = toolEnvironment(all);
    expect(rest).toEqual({
      HOME: '/home/ci',
      DOCKER_HOST: 'unix:///x.sock',
      PACKER_LOG: '1',
      https_proxy: 'http://proxy',
      CHECKPOINT_DISABLE: '1',
      PACKER_NO_COLOR: '1',
    });
  });

  test('a process really gets no more', async () => {
    const { stdout } = await createExec(toolEnvironment(all))(['env']);
    expect(stdout.toString()).not.toMatch(/secret|evil/);
  });
});

describe('without Packer on PATH, what to install is said', () => {
  const exec = createExec({ PATH: '/nowhere' });
  const log = { debug: () => {}, info: () => {}, warn: () => {} };
  const build = { image: 'web', template: 'docker/web.pkr.hcl', folder: '/', variables: {} };
  const sentence = /^packer is not on PATH: install Packer 1\.6\.6 or later/;
  test('where its version is asked', async () => {
    await expect(needsInit(exec)).rejects.toThrow(sentence);
    await expect(needsInit(exec)).rejects.toMatchObject({ name: 'Refusal' });
  });
  test('where it builds', async () => {
    await expect(runPacker({ ...build, template: 'web.pkr.hcl' }, exec, log)).rejects.toThrow(sentence);
  });
  test('a folder that is not there is another fault', async () => {
    await expect(runPacker({ ...build, folder: '/nowhere' }, exec, log)).rejects.not.toThrow(sentence);
  });
});
