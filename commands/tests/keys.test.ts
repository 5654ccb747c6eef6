import { describe, expect, test } from '@jest/globals';
import { runCommand } from '#commands/command.ts';
import { keys } from '#commands/keys.ts';
import type { KeyPorts } from '#core/aws/keys/rotate.ts';
import type { KeyTenant } from '#core/aws/keys/tenant.ts';
import { KeyWorld } from '#core/aws/keys/tests/world.ts';

/** What the tenant of this repository says; the namespaces of its environments are named as their projects. */
const TENANT: KeyTenant = {
  project: 'discord-bot',
  namespaces: new Map(['discord-bot', 'discord-bot-staging'].map((name) => [name, name])),
};

/** The command on IAM and a parameter store in memory. `asked` lists the users and parameters that were written. */
function openWorld(tenant = TENANT) {
  const world = new KeyWorld();
  const asked: string[] = [];
  const ports: KeyPorts = {
    ...world.ports,
    create: (user) => {
      asked.push(user);
      return world.ports.create(user);
    },
    write: (parameter, value) => {
      asked.push(parameter);
      return world.ports.write(parameter, value);
    },
  };
  const run = (argv: string[], isTerminal = false, isDiscarded = false) =>
    runCommand(keys, argv, { readTenant: () => tenant, openKeys: () => ports, isTerminal, isDiscarded });
  return { asked, world, parameters: world.parameters, ports, run };
}

/** A person's terminal: IAM, a cluster with its secret, and every command that a message prints. */
function openTerminal() {
  const { world, run } = openWorld();
  const cluster = { id: '', secret: '' };
  const type = async (line: string, kubectlFails = false): Promise<string> => {
    const [command = '', pipe] = line.split(' | ');
    const [, id = '', status = ''] =
      /^aws iam update-access-key .* --access-key-id (\w+) --status (\w+)$/.exec(line) ?? [];
    if (id !== '') {
      world.setStatus(id, status);
      return '';
    }
    if (line.startsWith('kubectl -n ')) return cluster.id;
    const { stdout, stderr } = await run(command.replace('npm run -s keys -- ', '').split(' '));
    if (pipe === 'kubectl apply -f -' && stdout !== '' && !kubectlFails) {
      const { stringData } = JSON.parse(stdout);
      Object.assign(cluster, { id: stringData.AWS_ACCESS_KEY_ID, secret: stringData.AWS_SECRET_ACCESS_KEY });
    }
    return stderr;
  };
  /** The cluster uses its key for so long. */
  const goOn = (hours: number): boolean[] =>
    Array.from({ length: hours + 1 }, (_, hour) => {
      if (hour > 0) world.wait(1);
      return world.use(cluster.id, cluster.secret);
    }).filter((works) => !works);
  return { world, cluster, type, goOn };
}

/** The commands that a message prints, each in an indented line. */
const printed = (message: string): string[] =>
  message.split('\n').flatMap((line) => /^ {2}(\S.*)$/.exec(line)?.[1] ?? []);
const ROTATE = 'npm run -s keys -- rotate cluster | kubectl apply -f -';
const RETIRE = 'npm run -s keys -- retire cluster';

test("the bot's key goes to the parameter store and is not printed", async () => {
  const { asked, parameters, run } = openWorld();
  const stderr = 'discord-bot-bot has the key AKIA1\n';
  expect(await run(['rotate', 'bot'], true)).toEqual({ exitCode: 0, stdout: '', stderr });
  expect(asked).toEqual(['discord-bot-bot', '/discord-bot/bot_credentials']);
  expect(parameters.get('/discord-bot/bot_credentials')).toContain('secret-1');
});

test("the cluster's key is a manifest for kubectl, and its parameter holds the id alone", async () => {
  const { parameters, run } = openWorld();
  const { exitCode, stdout } = await run(['rotate', 'cluster', '--project', 'shop', '--namespace', 'till']);
  expect(exitCode).toBe(0);
  expect(stdout).toContain('"namespace":"till"');
  expect(stdout).toContain('AKIA1');
  expect(parameters.get('/shop/cluster_credentials')).toBe('{"AWS_ACCESS_KEY_ID":"AKIA1"}');
});

test("another project's keys: no name of the first tenant", async () => {
  const namespaces = new Map([['second-bot', 'till']]);
  const { asked, parameters, run } = openWorld({ project: 'second-bot', namespaces });
  expect((await run(['rotate', 'bot'])).stderr).toBe('second-bot-bot has the key AKIA1\n');
  expect((await run(['rotate', 'cluster'])).stdout).toContain('"namespace":"till"');
  expect(asked.filter((name) => !name.startsWith('/'))).toEqual(['second-bot-bot', 'second-bot-cluster']);
  expect([...parameters.keys()]).toEqual(['/second-bot/bot_credentials', '/second-bot/cluster_credentials']);
});

test('an environment beside the first: its namespace is the one whose store reads its parameters', async () => {
  const { asked, run } = openWorld();
  const { stdout } = await run(['rotate', 'cluster', '--project', 'discord-bot-staging']);
  expect(stdout).toContain('"namespace":"discord-bot-staging"');
  expect(asked).toEqual(['discord-bot-staging-cluster', '/discord-bot-staging/cluster_credentials']);
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

test('a secret that is printed once is not made for /dev/null', async () => {
  const { asked, run } = openWorld();
  const { exitCode, stderr } = await run(['rotate', 'cluster', '--namespace', 'till'], false, true);
  expect({ exitCode, asked }).toEqual({ exitCode: 1, asked: [] });
  expect(stderr).toBe(
    'the key would go to /dev/null, and its secret is printed once: pipe it, as in npm run -s keys -- --namespace till rotate cluster | kubectl apply -f -\n',
  );
  expect((await run(['rotate', 'bot'], false, true)).exitCode).toBe(0); // the bot's goes to the parameter store
});

test('retire removes the key before when it was quiet for long enough', async () => {
  const { world, run } = openWorld();
  await run(['rotate', 'bot']);
  world.use('AKIA1', 'secret-1');
  await run(['rotate', 'bot']);
  world.wait(6);
  world.use('AKIA2', 'secret-2');
  world.wait(6);
  expect(await run(['retire', 'bot'])).toMatchObject({
    exitCode: 1,
    stderr: expect.stringContaining('AKIA1 was used less than 48 hours ago'),
  });
  const stderr = 'discord-bot-bot has the key AKIA2; removed AKIA1\n';
  expect(await run(['retire', 'bot', '--quiet-hours', '12'])).toEqual({ exitCode: 0, stdout: '', stderr });
  expect([...world.keys.keys()]).toEqual(['AKIA2']);
});

describe('what the message says leads to one new key, and the cluster works at every step', () => {
  test('rotate whose kubectl failed, and again', async () => {
    const { world, cluster, type, goOn } = openTerminal();
    await type(ROTATE);
    expect(goOn(6)).toEqual([]);
    for (let failures = 0; failures < 3; failures++) {
      await type(ROTATE, true);
      expect(goOn(48)).toEqual([]);
      expect(await type(RETIRE)).toContain('AKIA1 goes on working');
      const [lookUp = '', inactive = '', retire = '', rotate = ''] = printed(await type(ROTATE));
      expect(await type(lookUp)).toBe('AKIA1');
      expect(await type(inactive)).toBe('');
      expect(goOn(1)).toEqual([]);
      expect(await type(retire)).toMatch(/has the key AKIA1; removed AKIA\d/);
      expect(rotate).toBe(ROTATE);
    }
    await type(ROTATE);
    expect(cluster.id).toBe('AKIA5');
    expect(goOn(54)).toEqual([]);
    expect(await type(RETIRE)).toBe('discord-bot-cluster has the key AKIA5; removed AKIA1\n');
    expect(goOn(1)).toEqual([]);
    expect(world.keys.size).toBe(1);
  });

  test('a key made by hand beside it, which no one has', async () => {
    const { world, type, goOn } = openTerminal();
    await type(ROTATE);
    goOn(6);
    world.make();
    goOn(72);
    const message = await type(ROTATE);
    expect(message).toContain('Nothing was seen to use AKIA2');
    for (const line of printed(message)) await type(line);
    expect([[...world.keys.keys()], goOn(1)]).toEqual([['AKIA1'], []]);
  });

  test('a key made by hand beside it, which someone uses: it stays', async () => {
    const { world, type, goOn } = openTerminal();
    await type(ROTATE);
    const hand = world.make();
    world.use(hand.id, hand.secret);
    for (let day = 0; day < 3; day++) {
      goOn(24);
      world.use(hand.id, hand.secret);
      for (const line of printed(await type(ROTATE))) await type(line);
      expect([world.use(hand.id, hand.secret), goOn(0)]).toEqual([true, []]);
    }
  });

  test.each([
    ['lost', (parameters: Map<string, string>) => parameters.delete('/discord-bot/cluster_credentials')],
    [
      'that names a key that is gone',
      (parameters: Map<string, string>) =>
        parameters.set('/discord-bot/cluster_credentials', '{"AWS_ACCESS_KEY_ID":"AKIAGONE"}'),
    ],
  ])('a parameter %s, with two keys and with one', async (_name, lose) => {
    const { world, cluster, type, goOn } = openTerminal();
    await type(ROTATE);
    goOn(6);
    await type(ROTATE);
    goOn(54);
    lose(world.parameters);
    const message = await type(RETIRE);
    expect(message).toContain('so that it is not known which key is in use');
    const lines = printed(message);
    expect(lines).toHaveLength(3);
    for (const line of lines) {
      await type(line);
      expect(goOn(1)).toEqual([]);
    }
    expect([cluster.id, [...world.keys.keys()]]).toEqual(['AKIA3', ['AKIA2', 'AKIA3']]);
    goOn(54);
    expect(await type(RETIRE)).toContain('removed AKIA2');
    lose(world.parameters);
    expect(printed(await type(RETIRE))).toEqual([ROTATE]);
    await type(ROTATE);
    expect([cluster.id, goOn(1)]).toEqual(['AKIA4', []]);
  });

  test('a second rotation at once: both live keys stay, and it says when', async () => {
    const { world, type, goOn } = openTerminal();
    await type(ROTATE);
    goOn(6);
    await type(ROTATE);
    goOn(6);
    const message = await type(ROTATE);
    expect(message).toContain('AKIA1 was used less than 48 hours ago');
    expect(printed(message)).toEqual([RETIRE]);
    expect([await type(RETIRE), world.keys.size]).toEqual([message, 2]);
    const [, until = ''] = /remove it after (\S+):/.exec(message) ?? [];
    while (world.now < new Date(until)) expect(goOn(1)).toEqual([]);
    expect(await type(RETIRE)).toContain('removed AKIA1');
  });

  test('a new key that leaked is made inactive: it goes, and another comes', async () => {
    const { world, cluster, type, goOn } = openTerminal();
    await type(ROTATE);
    goOn(6);
    await type(ROTATE);
    world.setStatus('AKIA2', 'Inactive');
    const message = await type(ROTATE);
    expect(printed(message)).toEqual([RETIRE, ROTATE]);
    for (const line of printed(message)) await type(line);
    expect([cluster.id, goOn(1)]).toEqual(['AKIA3', []]);
  });

  test('both made inactive: one of them is made active again', async () => {
    const { world, type, goOn } = openTerminal();
    await type(ROTATE);
    goOn(6);
    await type(ROTATE, true);
    for (const id of ['AKIA1', 'AKIA2']) world.setStatus(id, 'Inactive');
    const message = await type(RETIRE);
    expect(message).toContain('None is active');
    for (const line of printed(message)) await type(line);
    expect([...world.keys.values()].map(({ isActive }) => isActive)).toEqual([true]);
  });
});

test('what AWS refuses is a sentence', async () => {
  const list = async () => {
    throw new Error('User is not authorized to perform iam:ListAccessKeys');
  };
  const openKeys = (): KeyPorts => ({ ...openWorld().ports, list });
  expect(await runCommand(keys, ['rotate', 'bot'], { readTenant: () => TENANT, openKeys, isTerminal: false })).toEqual({
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
    [['retire', 'bot', '--quiet-hours', 'soon'], '--quiet-hours: "soon" is not a number of hours, such as 48'],
    [
      ['rotate', 'cluster', '--project', 'shop-staging'],
      '--namespace is missing, and no overlays/*/secret-store.yaml has the prefix /shop-staging/: say --namespace NAME, where the parameters of "shop-staging" are read',
    ],
    [['rotate', 'bot', '--projekt', 'x'], '"--projekt" is not an option; did you mean "--project"?'],
  ])('%j', async (argv, sentence) => {
    const { asked, run } = openWorld();
    const { exitCode, stderr } = await run(argv);
    expect({ exitCode, asked }).toEqual({ exitCode: 2, asked: [] });
    expect(stderr).toContain(sentence);
  });
});

test('without a project nothing is asked of AWS', async () => {
  const { asked, run } = openWorld({ ...TENANT, project: undefined });
  const sentence =
    '--project is missing, and terraform/aws/terraform.tfvars says no project: say --project NAME, which the names of the users begin with';
  expect(await run(['retire', 'bot'])).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(sentence) });
  expect(asked).toEqual([]);
});
