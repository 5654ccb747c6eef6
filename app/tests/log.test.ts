import { spawnSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';

const log = new URL('../src/log.ts', import.meta.url).href;

/** Runs `code` with a log of its own as a process, whose standard output is the log; returns its lines, parsed. */
function write(code: string, environment: Record<string, string> = {}, level = 'info') {
  const options = JSON.stringify({ level, source: 'abc' });
  const program = `import { createLog } from '${log}';\nconst log = createLog(${options}, process.env);\n${code}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    encoding: 'utf8',
    env: environment,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return {
    text: stdout,
    lines: stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line)),
  };
}

test('a line is one JSON object with its level as a word, its time, the service and the commit', () => {
  const { lines } = write("log.info({ port: 3000 }, 'listening'); log.debug('not at this level');");
  expect(lines).toEqual([
    {
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      service: 'discord-bot',
      source: 'abc',
      port: 3000,
      msg: 'listening',
    },
  ]);
});

describe('the value of a variable that is named as a secret is blacked out wherever it appears', () => {
  const variables: [string, string][] = [
    ['DISCORD_TOKEN', 'MTk4NjIy.Cl2FMQ.ZnCjm1XV'],
    ['AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG+bPx'],
    ['db_password', 'correct horse "battery"'],
    ['REGISTRY_CREDENTIALS', 'line\nbreak and \\ slash'],
  ];
  test.each(variables)('%s', (name, secret) => {
    const code = [
      `const secret = process.env.${name};`,
      "log.info('the value is ' + secret);",
      "log.info({ deep: { er: [secret] } }, 'in a field');",
      "log.error({ err: new Error('cannot log in with ' + secret) }, 'in an error');",
      "log.info('https://example.com/?q=' + encodeURIComponent(secret));",
    ].join('\n');
    const { text, lines } = write(code, { [name]: secret });
    expect(lines).toHaveLength(4);
    for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)])
      expect(text).not.toContain(form);
    expect(lines[0].msg).toBe('the value is [redacted]');
  });

  test('also without the line end that it was written with', () => {
    const { lines } = write("log.info('Bearer sk-live-0123456789');", { LITELLM_API_KEY: 'sk-live-0123456789\n' });
    expect(lines[0].msg).toBe('Bearer [redacted]');
  });
  test('one that holds another is blacked out whole', () => {
    const { lines } = write("log.info('x longer-secret-value y');", {
      A_TOKEN: 'secret-value',
      B_TOKEN: 'longer-secret-value',
    });
    expect(lines[0].msg).toBe('x [redacted] y');
  });

  test('a short value and a variable of another name stay: they would black out ordinary words', () => {
    const { lines } = write("log.info('listening in ca-central-1');", { A_KEY: 'in', AWS_REGION: 'ca-central-1' });
    expect(lines[0].msg).toBe('listening in ca-central-1');
  });
});

test('a key that holds a secret is blacked out at each of three levels', () => {
  const keys = ['authorization', 'cookie', 'token', 'password', 'secret', 'apiKey', 'credentials', 'env'];
  const code = keys
    .map((key) => `log.info({ ${key}: 'v1-x', a: { ${key}: 'v2-x', b: { ${key}: 'v3-x' } } });`)
    .join('\n');
  const { text, lines } = write(code);
  expect(lines).toHaveLength(keys.length);
  expect(text).not.toMatch(/v[123]-x/);
});
