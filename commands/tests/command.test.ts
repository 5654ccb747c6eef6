import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { type CommandResult, defineCommand, runCommand, UsageError } from '#commands/command.ts';
import { cost } from '#commands/cost.ts';
import { expire } from '#commands/expire.ts';
import { keys } from '#commands/keys.ts';
import { Refusal } from '#core/values/errors.ts';
import { expectGolden } from '#tests/support/golden.ts';

const golden = (name: string): string => join(import.meta.dirname, 'golden', `${name}.txt`);
const unused = (): never => {
  throw new Error('help asks nothing of the world');
};
const helps: [string, () => Promise<CommandResult>][] = [
  ['expire', () => runCommand(expire, ['--help'], unused)],
  ['check-trust', () => runCommand(checkTrustFiles, ['--help'], unused)],
  ['cost', () => runCommand(cost, ['--help'], unused)],
  ['keys', () => runCommand(keys, ['rotate', '--help'], { readTenant: unused, openKeys: unused, isTerminal: false })],
];

test.each(helps)('%s --help: a sentence, the usage, an example and the exit codes', async (name, help) => {
  const { exitCode, stdout, stderr } = await help();
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expectGolden(golden(name), stdout);
});

describe('what a command throws', () => {
  const throwing = (error: unknown) =>
    defineCommand({
      name: 'npm run -s sample --',
      summary: 'Throws.',
      options: {},
      example: '',
      exitCodes: ['', '', ''],
      run: (): CommandResult => {
        throw error;
      },
    });
  const run = (error: unknown): Promise<CommandResult> => runCommand(throwing(error), [], undefined);

  test('wrong usage is 2, with the usage', async () => {
    const stderr = 'say which\nusage: npm run -s sample --\nhelp:  npm run -s sample -- --help\n';
    expect(await run(new UsageError('say which'))).toEqual({ exitCode: 2, stdout: '', stderr });
  });

  test('what a person can act on is 1, with one sentence', async () => {
    expect(await run(new Refusal('it is not there'))).toEqual({ exitCode: 1, stdout: '', stderr: 'it is not there\n' });
  });

  test('a bug keeps its stack', async () => {
    await expect(run(new TypeError('x is undefined'))).rejects.toThrow(TypeError);
  });
});
