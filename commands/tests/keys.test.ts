import { describe, expect, test } from '@jest/globals';
import { runCommand } from '#commands/command.ts';
import { keys } from '#commands/keys.ts';
import type { KeyPorts } from '#core/aws/keys/rotate.ts';

/** IAM and the parameter store in memory; `asked` lists the users and parameters that were written. */
function openWorld() {
  const asked: string[] = [];
  const made: { id: string; createdAt: Date }[] = [];
  const parameters = new Map<string, string>();
  const ports: KeyPorts = {
    list: async () => made,
    create: async (user) => {
      asked.push(user);
      made.push({ id: `AKIA${made.length + 1}`, createdAt: new Date(made.length + 1) });
      return { id: `AKIA${made.length}`, secret: 'the-secret' };
    },
    remove: async (_user, id) => {
      made.splice(
        made.findIndex((key) => key.id === id),
        1,
      );
    },
    read: async (parameter) => parameters.get(parameter),
    write: async (parameter, value) => {
      asked.push(parameter);
      parameters.set(parameter, value);
    },
  };
  const run = (argv: string[], isTerminal = false) => runCommand(keys, argv, { openKeys: () => ports, isTerminal });
  return { asked, made, parameters, ports, run };
}

test("the bot's key goes to the parameter store and is not printed", async () => {
  const { asked, parameters, run } = openWorld();
  const stderr = 'discord-bot-bot has the key AKIA1\n';
  expect(await run(['rotate', 'bot'], true)).toEqual({ exitCode: 0, stdout: '', stderr });
  expect(asked).toEqual(['discord-bot-bot', '/discord-bot/bot_credentials']);
  expect(parameters.get('/discord-bot/bot_credentials')).toContain('the-secret');
});

test("the cluster's key is a manifest for kubectl, and its parameter holds the id alone", async () => {
  const { parameters, run } = openWorld();
  const { exitCode, stdout } = await run(['rotate', 'cluster', '--project', 'shop', '--namespace', 'till']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('"namespace":"till"');
  expect(stdout).toContain('AKIA1');
  expect(parameters.get('/shop/cluster_credentials')).toBe('{"AWS_ACCESS_KEY_ID":"AKIA1"}');
});

test('a key is never shown on a terminal, nor made for nothing', async () => {
  const { asked, run } = openWorld();
  expect(await run(['rotate', 'cluster'], true)).toMatchObject({
    exitCode: 1,
    stdout: '',
    stderr: expect.stringContaining('would be shown on this terminal: pipe it'),
  });
  expect(asked).toEqual([]);
});

test('retire removes the key before', async () => {
  const { made, run } = openWorld();
  await run(['rotate', 'bot']);
  await run(['rotate', 'bot']);
  const stderr = 'discord-bot-bot has the key AKIA2; removed AKIA1\n';
  expect(await run(['retire', 'bot'])).toEqual({ exitCode: 0, stdout: '', stderr });
  expect(made.map(({ id }) => id)).toEqual(['AKIA2']);
});

test('what AWS refuses is a sentence', async () => {
  const list = async () => {
    throw new Error('User is not authorized to perform iam:ListAccessKeys');
  };
  const openKeys = (): KeyPorts => ({ ...openWorld().ports, list });
  expect(await runCommand(keys, ['rotate', 'bot'], { openKeys, isTerminal: false })).toEqual({
    exitCode: 1,
    stdout: '',
    stderr: 'AWS refused: User is not authorized to perform iam:ListAccessKeys\n',
  });
});

describe('wrong usage asks nothing of AWS', () => {
  test.each([
    [[], 'say what to do and to whose key'],
    [['rotate'], 'say what to do and to whose key'],
    [['rotate', 'queen'], 'say what to do and to whose key'],
    [['rotate', 'bot', 'cluster'], 'say what to do and to whose key'],
    [['rotate', 'bot', '--projekt', 'x'], '"--projekt" is not an option; did you mean "--project"?'],
  ])('%j', async (argv, sentence) => {
    const { asked, run } = openWorld();
    const { exitCode, stderr } = await run(argv);
    expect({ exitCode, asked }).toEqual({ exitCode: 2, asked: [] });
    expect(stderr).toContain(sentence);
  });
});
