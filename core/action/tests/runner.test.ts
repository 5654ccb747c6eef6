import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-runner-'));
  for (const name of ['output', 'summary']) writeFileSync(join(folder, name), '');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What the runner sets for every step. */
const complete = (): Record<string, string> => ({
  GITHUB_WORKSPACE: '/checkout',
  GITHUB_REPOSITORY: 'acme/tenant',
  GITHUB_SERVER_URL: 'https://github.example/',
  GITHUB_RUN_ID: '77',
  GITHUB_ACTOR: 'octocat',
  GITHUB_SHA: 'a'.repeat(40),
  GITHUB_OUTPUT: join(folder, 'output'),
  GITHUB_STEP_SUMMARY: join(folder, 'summary'),
  RUNNER_TEMP: '/temp',
});

interface Step {
  readonly code: number | null;
  readonly lines: readonly string[];
}

/** Runs an action's body, as source text that gets `runner` and `given`, in a process of its own. */
function act(body: string, env: Readonly<Record<string, string>> = complete(), given: unknown = null): Step {
  const script = `
    import { runAction } from '#core/action/runner.ts';
    import { InputError, Refusal } from '#core/values/errors.ts';
    const given = ${JSON.stringify(given)};
    runAction(async (runner) => { ${body} });`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: repositoryRoot,
    env: { NODE_NO_WARNINGS: '1', ...env },
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return { code: status, lines: stdout.split('\n').filter((line) => line !== '') };
}

/** The lines that GitHub's runner would obey (actions/runner, ActionCommand.cs: TryParseV2 and TryParse). */
function commands(lines: readonly string[]): string[] {
  const read = lines.flatMap((line) => line.split(/\r\n|\r|\n/));
  return read.filter((line) => /^[\s\u0085]*::.*::/.test(line) || /##\[.*\]/.test(line));
}

const print = (text: string) => `runner.log.info(JSON.stringify(${text}));`;

describe('inputs', () => {
  test('are trimmed, empty where they are not set, and found by their name with its hyphens', () => {
    const step = act(print("['image', 'dry-run', 'other'].map((name) => runner.input(name))"), {
      ...complete(),
      INPUT_IMAGE: '  bot\n',
      'INPUT_DRY-RUN': 'true',
    });
    expect(step).toEqual({ code: 0, lines: ['["bot","true",""]'] });
  });
});

describe('the environment', () => {
  test('is read from its documented variables', () => {
    const { lines } = act(print('{ ...runner.environment, all: Object.keys(runner.environment.all).length > 9 }'));
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      workspace: '/checkout',
      temp: '/temp',
      repository: 'acme/tenant',
      serverUrl: 'https://github.example',
      runUrl: 'https://github.example/acme/tenant/actions/runs/77',
      actor: 'octocat',
      sha: 'a'.repeat(40),
      eventName: '',
      all: true,
    });
  });

  test.each([
    'GITHUB_WORKSPACE',
    'GITHUB_REPOSITORY',
    'GITHUB_SERVER_URL',
    'GITHUB_RUN_ID',
    'GITHUB_ACTOR',
    'GITHUB_SHA',
    'RUNNER_TEMP',
  ])('without %s is refused by its name', (name) => {
    const { [name]: _missing, ...rest } = complete();
    const step = act(print("'the body ran'"), rest);
    expect(step.code).toBe(1);
    expect(step.lines).toEqual([
      `::error::${name}: "" is empty: this action runs on a GitHub Actions runner, which sets it; by hand: npm run -s slipway -- run-action --help`,
    ]);
  });
});

describe('outputs and summary', () => {
  test('an output of several lines arrives whole, and its text cannot set another', () => {
    const value = 'first\nevil=1\nother<<EOF\nx\nEOF\n::set-output name=evil::1';
    expect(act('runner.setOutputs(given);', complete(), { digest: 'sha256:1', text: value }).code).toBe(0);
    const file = readFileSync(join(folder, 'output'), 'utf8');
    const read = [...file.matchAll(/^([\w-]+)<<(ghadelimiter_\S+)\n([\s\S]*?)\n\2\n/gm)];
    expect(read.map((match) => [match[1], match[3]])).toEqual([
      ['digest', 'sha256:1'],
      ['text', value],
    ]);
  });

  test('pages of the summary follow each other in its file', () => {
    expect(act("await runner.addSummary('# one'); await runner.addSummary('# two');").code).toBe(0);
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toBe('# one\n# two\n');
  });

  test('a summary without its file is refused by the variable’s name', () => {
    const { GITHUB_STEP_SUMMARY: _missing, ...env } = complete();
    const step = act("await runner.addSummary('# one');", env);
    expect(step.code).toBe(1);
    expect(step.lines[0]).toMatch(/^::error::GITHUB_STEP_SUMMARY: "" is empty/);
  });
});

describe('a mask', () => {
  test('hides each line of a secret, and no blank one', () => {
    const { lines } = act('runner.mask(given);', complete(), '-----BEGIN KEY-----\r\nabc\n\n  \n-----END KEY-----\n');
    expect(lines).toEqual(['::add-mask::-----BEGIN KEY-----', '::add-mask::abc', '::add-mask::-----END KEY-----']);
  });

  test('of a secret with a percent sign is the secret that the runner reads', () => {
    expect(act('runner.mask(given);', complete(), 'a%0Ab').lines).toEqual(['::add-mask::a%250Ab']);
  });
});

describe('credentials of a URL', () => {
  const url = 'https://name:hunter2@host/path';

  test.each(['info', 'warn', 'debug'])('are hidden in what %s prints', (verb) => {
    const { lines } = act(`runner.log.${verb}(given);`, complete(), `from ${url}`);
    expect(lines.join()).toMatch(/from https:\/\/\*\*\*@host\/path$/);
  });

  test.each([
    ['an expected error', 'throw new Refusal(given);'],
    ['its cause', "throw new Refusal('x', { cause: new Error(given) });"],
    ['a wrong input', "throw new InputError('url', given, 'is wrong');"],
    ['a bug of ours', 'throw new TypeError(given);'],
    ['what is not an error at all', 'throw given;'],
  ])('are hidden in %s', (_what, body) => {
    const { lines, code } = act(body, complete(), `from ${url}`);
    expect(code).toBe(1);
    expect(lines.join()).toContain('https://***@host/path');
    expect(lines.join()).not.toContain('hunter2');
  });

  test('are hidden in the summary', () => {
    act('await runner.addSummary(given);', complete(), `from ${url}`);
    expect(readFileSync(join(folder, 'summary'), 'utf8')).toBe('from https://***@host/path\n');
  });
});

describe('workflow commands in a message are text', () => {
  const hostile = [
    '::error::x',
    '  ::add-mask::x',
    '\t\u0085\u00a0::stop-commands::x',
    '##[error]x',
    '  ##[add-mask]x',
    'text before ##[error]x',
    'several\n::error::x\n lines\n  ::set-env name=A::b\nand ##[group]x',
    'a carriage return\r::error::x',
    '\r\n::error::x',
    '::::error::x',
    '####[error]x',
    '::error file=a.ts,line=1::x',
  ];

  test.each(hostile)('info %j', (message) => {
    expect(commands([`x\n${message}`])).not.toEqual([]); // without the runner it is one
    const { lines } = act('runner.log.info(given);', complete(), message);
    expect(commands(lines)).toEqual([]);
    const words = (text: string) => text.replaceAll(/[\s\u0085]/g, '');
    expect(words(lines.join(''))).toBe(words(message));
  });

  test.each(['warn', 'debug'])('%s stays one command, whose text has none once the runner has decoded it', (verb) => {
    const messages = [...hostile, 'a%0A::error::x'];
    const { lines } = act(`for (const message of given) runner.log.${verb}(message);`, complete(), messages);
    expect(lines).toHaveLength(messages.length);
    for (const line of lines) {
      const text = line.replace(/^::(?:warning|debug)::/, '');
      expect(text).not.toMatch(/[\r\n]/);
      const decoded = text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
      expect(commands([decoded])).toEqual([]);
    }
  });

  test('the error of a red step, too', () => {
    const { lines, code } = act('throw new Refusal(given);', complete(), hostile.join('\n'));
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    const text =
      lines[0]
        ?.replace(/^::error::/, '')
        .replaceAll('%0D', '\r')
        .replaceAll('%0A', '\n') ?? '';
    expect(commands([text])).toEqual([]);
  });

  test('what looks like one and is none stays as it is', () => {
    const plain = ['a::b', 'std::string', 'see http://[::1]:80', ': :', '# [x]', '#[derive(Debug)]', '%25'];
    expect(act('for (const message of given) runner.log.info(message);', complete(), plain).lines).toEqual(plain);
  });
});

describe('what the body throws makes the step red', () => {
  test.each([
    ["new Refusal('the branch is protected', { cause: new Error('403') })", 'the branch is protected: 403'],
    ["new InputError('image', 'x', 'is not an image')", 'image: "x" is not an image'],
  ])('an expected error with its message and its causes only: %s', (error, message) => {
    expect(act(`throw ${error};`)).toEqual({ code: 1, lines: [`::error::${message}`] });
  });

  test('a program that failed with its argument vector and what it printed', () => {
    const { lines } = act(`
      const { createExec } = await import('#core/system/exec.ts');
      await createExec({})([process.execPath, '-e', 'console.error("boom"); process.exit(4)']);`);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^::error::\S+ -e .* exited with code 4%0Aboom$/);
  });

  test('a bug of ours with its stack and the wish to hear of it', () => {
    const { code, lines } = act("const fall = () => { throw new TypeError('x is undefined'); }; fall();");
    expect(code).toBe(1);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      /^::error::This is a bug in Slipway, please report it with this text: TypeError: x is undefined%0A {4}at fall /,
    );
  });

  test('something that is not an error at all', () => {
    expect(act("throw 'text';").lines).toEqual([
      '::error::This is a bug in Slipway, please report it with this text: text',
    ]);
  });
});
