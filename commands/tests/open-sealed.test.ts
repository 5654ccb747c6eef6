import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type CommandResult, runCommand } from '#commands/command.ts';
import { openSealed } from '#commands/slipway/open-sealed.ts';
import { seal } from '#core/terraform/saved-plan/seal.ts';

const KEY = 'correct horse battery staple';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-open-sealed-'));
  writeFileSync(join(folder, 'state.sealed'), seal(Buffer.from('{"serial":7}'), KEY));
});
afterEach(() => rmSync(folder, { recursive: true }));

function type(line: string, key = KEY): Promise<CommandResult> {
  const unused = (): void => {
    throw new Error('it says nothing by itself');
  };
  return runCommand(openSealed, line.split(' '), {
    environment: { SLIPWAY_KEY: key },
    temp: folder,
    resolve: (path) => join(folder, path),
    now: () => new Date(0),
    width: 80,
    isColoured: false,
    show: unused,
    tell: unused,
    confirm: undefined,
  });
}

test('what was sealed is written for its owner alone, and what it is is said', async () => {
  const { exitCode, stdout } = await type('state.sealed --out errored.tfstate');
  expect([exitCode, stdout]).toEqual([
    0,
    'errored.tfstate is written; it holds secrets: remove it when you are done\n',
  ]);
  expect(readFileSync(join(folder, 'errored.tfstate'), 'utf8')).toBe('{"serial":7}');
  expect(statSync(join(folder, 'errored.tfstate')).mode & 0o077).toBe(0);
});

test.each([
  ['another key', 'state.sealed --out new', `${KEY}.`, 1, /^state\.sealed is damaged, or SLIPWAY_KEY is not the key/],
  ['no key', 'state.sealed --out new', '', 2, /^SLIPWAY_KEY is empty/],
  ['a file that is not there', 'nothing --out new', KEY, 1, /^nothing does not exist/],
  ['a new file that is there', 'state.sealed --out state.sealed', KEY, 1, /is there already: name a new file/],
  ['no file', '--out new', KEY, 2, /^give one file that was sealed/],
])('%s is refused', async (_name, line, key, code, message) => {
  const { exitCode, stderr } = await type(line, key);
  expect(exitCode).toBe(code);
  expect(stderr).toMatch(message);
  expect(existsSync(join(folder, 'new'))).toBe(false);
});
