import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { readClone, readDefaultBranch } from '#core/git/clone.ts';
import { openBranchPorts } from '#core/release/open-ports.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import { openScratch } from '#core/system/scratch.ts';
import { describeError } from '#core/values/errors.ts';
import { type GitFront, openFront, serveRepositories } from '#tests/support/git-fronts.ts';
import { commitFiles, git, gitEnv, openRepositories } from '#tests/support/repositories.ts';

const TOKEN = 'ghs_of_the_job';
const HEADER = Buffer.from(`x-access-token:${TOKEN}`).toString('base64');
const root = mkdtempSync(join(tmpdir(), 'slipway-credentials-'));
const clone = join(root, 'clone');
const fronts: GitFront[] = [];
let head: string;

beforeAll(() => {
  openRepositories(join(root, 'tenant.git'), clone);
  head = commitFiles(clone, { 'a.txt': 'a\n' }, 'first');
});

afterEach(async () => {
  for (const front of fronts.splice(0)) await front.close();
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

async function front(...given: Parameters<typeof openFront>): Promise<GitFront> {
  const opened = await openFront(...given);
  fronts.push(opened);
  return opened;
}

interface Seen {
  readonly masked: readonly string[];
  /** Everything that was printed, and what a process list shows. */
  readonly printed: string;
  readonly read: string | undefined;
}

/** Reads the branch as a step of a workflow on `serverUrl` does, with what it printed; an error is printed. */
async function readBranch(
  origin: string,
  serverUrl: string,
  env: Record<string, string> = {},
  token = TOKEN,
): Promise<Seen> {
  git(clone, 'config', 'remote.origin.url', origin);
  const [masked, lines] = [[] as string[], [] as string[]];
  const environment = { ...gitEnv, ...env };
  const run = createExec(environment);
  const exec: Exec = (argv, options) => {
    lines.push(argv.join(' '));
    return run(argv, options);
  };
  const scratch = await openScratch(root, 'test');
  const say = (message: string): void => void lines.push(message);
  const log = { debug: say, info: say, warn: say };
  const mask = (secret: string): void => void masked.push(secret);
  const place = { checkout: clone, temp: root, environment, log, mask, token, serverUrl };
  let read: string | undefined;
  try {
    const { git: ours } = await openBranchPorts(place, 'slipway.yaml', scratch, exec);
    read = await ours.lsRemote('refs/heads/main');
  } catch (error) {
    say(describeError(error));
  } finally {
    await scratch.remove();
  }
  return { masked, printed: lines.join('\n'), read };
}

/** Types the command that a message has in brackets, in the clone. */
function typeRemedy(printed: string, change: (command: string) => string = (command) => command): string {
  const command = /\((git remote set-url origin [^)]+)\)/.exec(printed)?.[1] ?? '';
  expect(command).not.toBe('');
  execFileSync('sh', ['-c', change(command)], { cwd: clone, env: gitEnv as NodeJS.ProcessEnv });
  return git(clone, 'config', 'remote.origin.url');
}

describe('the token of the job', () => {
  test('goes to the server that it belongs to, with the first request, and is masked in each of its forms', async () => {
    const server = await front(serveRepositories(root, `x-access-token:${TOKEN}`));
    const { read, masked, printed } = await readBranch(`${server.origin}/tenant.git`, server.origin);
    expect(read).toBe(head);
    expect(server.requests.map(({ authorization }) => authorization)).not.toContain(undefined);
    expect(masked).toEqual(expect.arrayContaining([TOKEN, HEADER]));
    expect(printed).not.toMatch(new RegExp(`${TOKEN}|${HEADER}`));
  });

  test('does not go to another host: it says why, and the line that it tells helps', async () => {
    const other = await front((_request, response) => response.writeHead(401).end());
    const server = await front(serveRepositories(root, `x-access-token:${TOKEN}`));
    const { read, printed } = await readBranch(`${other.origin}/tenant.git`, server.origin);
    expect(read).toBeUndefined();
    expect(other.requests.length).toBeGreaterThan(0);
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    const [, to] = other.origin.split('//');
    expect(printed).toMatch(
      new RegExp(`does not answer: The token is not sent to ${to}: it belongs to 127.0.0.1:\\d+`),
    );
    expect((await readBranch(typeRemedy(printed), server.origin)).read).toBe(head);
  });

  test.each([
    'GITHUB.example',
    'www.github.example',
    'github.example:8443',
    'github.example.evil',
    'github.example@evil',
  ])('compares hosts whole: %s', async (host) => {
    const proxy = await front((_request, response) => response.writeHead(404).end());
    await readBranch(`http://${host}/acme/tenant`, 'http://github.example', { http_proxy: proxy.origin });
    expect(proxy.requests.length).toBeGreaterThan(0);
    expect(proxy.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test.each(['https://github.example', 'http://github.example'])(
    'does not go over plain http to the server %s, and says why',
    async (serverUrl) => {
      const proxy = await front((_request, response) => response.writeHead(401).end());
      const { printed } = await readBranch('http://github.example/acme/tenant', serverUrl, {
        http_proxy: proxy.origin,
      });
      expect(proxy.requests.length).toBeGreaterThan(0);
      expect(proxy.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
      expect(printed).toContain('The token is not sent to http://github.example: anyone on the way could read it');
      expect(typeRemedy(printed)).toBe('https://github.example/acme/tenant');
    },
  );

  test('goes over plain http to a server of this machine, by a name below localhost, too', async () => {
    const server = await front(serveRepositories(root));
    const there = `http://github.localhost:${new URL(server.origin).port}`;
    expect((await readBranch(`${there}/tenant.git`, there)).read).toBe(head);
    const proxy = await front((_request, response) => response.writeHead(401).end());
    const other = 'http://github.localhost.example';
    await readBranch(`${other}/acme/tenant`, other, { http_proxy: proxy.origin });
    expect(proxy.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
  });

  test('does not follow a redirect, not even on its own host; the line that is told helps', async () => {
    const other = await front(serveRepositories(root));
    const server = await front((request, response) =>
      response.writeHead(302, { location: `${other.origin}${request.url}` }).end(),
    );
    const { read, printed } = await readBranch(`${server.origin}/tenant.git`, server.origin);
    expect(read).toBeUndefined();
    expect(other.requests).toEqual([]);
    expect(server.requests.map(({ authorization }) => authorization)).not.toContain(undefined);
    expect(printed).toContain('redirects to another address, which the token does not follow');
    const now = typeRemedy(printed, (command) =>
      command.replace('https://HOST/OWNER/NAME', `${other.origin}/tenant.git`),
    );
    expect((await readBranch(now, other.origin)).read).toBe(head);
  });

  test('is not needed where a host of one’s own has credentials of its own', async () => {
    const mirror = await front(serveRepositories(root, 'mirror:key'));
    const helper = '!f() { echo username=mirror; echo password=key; }; f';
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: helper };
    const { read, printed } = await readBranch(`${mirror.origin}/tenant.git`, 'https://github.example', env);
    expect(read).toBe(head);
    expect(printed).toContain('The token is not sent to 127.0.0.1');
  });
});

describe('credentials in the address of origin', () => {
  const forms: [string, string, string][] = [
    ['a name and a password', 'robot:hunter2secret', 'robot:hunter2secret'],
    ['a password with a sign that is percent-encoded', 'robot:hunter2%40secret%2F', 'robot:hunter2@secret/'],
    ['a name that is the secret', 'hunter2secret:x-oauth-basic', 'hunter2secret:x-oauth-basic'],
    ['a password with an @ of its own', 'robot:hunter2@secret', 'robot:hunter2@secret'],
  ];

  test.each(forms)('work, and are not printed nor in a process list: %s', async (_what, userinfo, login) => {
    const server = await front(serveRepositories(root, login));
    const address = server.origin.replace('//', `//${userinfo}@`);
    const { read, printed, masked } = await readBranch(`${address}/tenant.git`, '', {}, '');
    expect(read).toBe(head);
    expect(printed).not.toMatch(/hunter2/);
    const secret =
      decodeURIComponent(userinfo)
        .split(':')
        .find((part) => part.includes('hunter2')) ?? '';
    expect(masked).toContain(secret);
    expect(masked).toContain(Buffer.from(login).toString('base64'));
  });

  test.each(forms)('are not printed where the server refuses them: %s', async (_what, userinfo) => {
    const server = await front((_request, response) =>
      response.writeHead(403).end(`no entry for ${userinfo} (${decodeURIComponent(userinfo)})`),
    );
    const address = `${server.origin.replace('//', `//${userinfo}@`)}/tenant.git`;
    const { read, printed } = await readBranch(address, '', {}, '');
    expect([read, printed]).toEqual([undefined, expect.stringContaining('does not answer')]);
    expect(printed).not.toMatch(/hunter2/);
  });

  test.each([
    ['a password that is not encoded, with a slash', 'robot:hunter/2secret'],
    ['one whose first part reads as a port', 'robot:12/hunter2secret'],
    ['one with a number sign', 'robot:hunter#2secret'],
  ])('are not printed where the address is not a URL or another one: %s', async (_what, userinfo) => {
    const proxy = await front((_request, response) => response.writeHead(403).end());
    const env = { http_proxy: proxy.origin };
    const { read, printed } = await readBranch(`http://${userinfo}@github.invalid/acme/tenant`, '', env, '');
    expect(read).toBeUndefined();
    expect(
      printed
        .split('\n')
        .filter((line) => !line.startsWith('git -C'))
        .join('\n'),
    ).not.toMatch(/hunter|2secret/);
  });

  test('do not go along where the server redirects to another host', async () => {
    const other = await front(serveRepositories(root, 'robot:hunter2secret'));
    const server = await front((request, response) =>
      request.headers.authorization === undefined
        ? response.writeHead(401, { 'www-authenticate': 'Basic realm="git"' }).end()
        : response.writeHead(302, { location: `${other.origin}${request.url}` }).end(),
    );
    const address = `${server.origin.replace('//', '//robot:hunter2secret@')}/tenant.git`;
    const { read, printed } = await readBranch(address, '', {}, '');
    expect(read).toBeUndefined();
    expect(other.requests.filter(({ authorization }) => authorization !== undefined)).toEqual([]);
    expect(printed).not.toMatch(/hunter2/);
  });

  test('that a setting of the machine puts there are not printed either', async () => {
    const server = await front((_request, response) => response.writeHead(404).end());
    const credentialed = server.origin.replace('//', '//robot:hunter2secret@');
    const env = {
      GIT_CONFIG_COUNT: '1',
      GIT_CONFIG_KEY_0: `url.${credentialed}/.insteadOf`,
      GIT_CONFIG_VALUE_0: 'https://github.example/',
    };
    const { read, printed } = await readBranch('https://github.example/tenant.git', '', env, '');
    expect([read, printed]).toEqual([undefined, expect.stringContaining('does not answer')]);
    expect(printed).not.toMatch(/hunter2/);
  });

  test('are not printed at a terminal, where the branch is asked for', async () => {
    const exec = createExec(gitEnv);
    for (const userinfo of ['robot:hunter2secret', 'robot:12/hunter2secret']) {
      git(clone, 'config', 'remote.origin.url', `http://${userinfo}@127.0.0.1:1/tenant.git`);
      const { origin } = await readClone(exec, clone, {});
      const said = await readDefaultBranch(exec, clone, origin).then(() => '', describeError);
      expect(said).toContain('origin does not answer');
      expect(said).not.toMatch(/hunter2/);
    }
  });

  test('that are a login alone are handed to the helper of the machine', async () => {
    const server = await front(serveRepositories(root, 'octocat:key'));
    const helper = '!f() { grep -q "^username=octocat$" && echo password=key; }; f';
    const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'credential.helper', GIT_CONFIG_VALUE_0: helper };
    const { read } = await readBranch(`${server.origin.replace('//', '//octocat@')}/tenant.git`, '', env, '');
    expect(read).toBe(head);
  });
});
