import { execFileSync } from 'node:child_process';
import { describe, expect, test } from '@jest/globals';
import { lineProgress, showSteps } from '#lab/supervisor/progress.ts';
import { openTerminal, wrapCommand, wrapLine } from '#lab/supervisor/terminal.ts';

const ESCAPE = '\u001b[';
const DIGEST = `sha256:${'a'.repeat(64)}`;

function openStream(isTTY: boolean, columns = 80) {
  const written: string[] = [];
  return { isTTY, columns, write: (text: string) => written.push(text), written };
}

describe('lines', () => {
  test('that are too long break between words, and the rest is indented', () => {
    const lines = wrapLine('  ! preview has no Argo CD Application, so nothing deploys it: add one', 40);
    expect(lines).toEqual(['  ! preview has no Argo CD Application,', '      so nothing deploys it: add one']);
  });

  test('keep a digest whole, however narrow the terminal', () => {
    expect(wrapLine(`the image app@${DIGEST} is gone`, 40)).toContain(`    app@${DIGEST}`);
  });

  test('that fit stay as they are, with the gaps of a table', () => {
    expect(wrapLine('  push 1     1.0 s  both images', 80)).toEqual(['  push 1     1.0 s  both images']);
  });

  test('are counted without the colours', () => {
    expect(wrapLine(`${ESCAPE}32m${'x'.repeat(40)}${ESCAPE}39m`, 40)).toHaveLength(1);
  });

  test('that a shell reads on from keep their backslash at the end', () => {
    expect(wrapLine(`    ${'x'.repeat(40)} \\`, 40)).toEqual([`    ${'x'.repeat(40)} \\`]);
  });

  test('of a file are not broken', () => {
    const stream = openStream(false);
    openTerminal(stream, {}).say('word '.repeat(40));
    expect(stream.written).toEqual([`${'word '.repeat(40)}\n`]);
  });
});

describe('a command', () => {
  test.each([20, 40, 80])('of %d columns is one command for a shell, and no word is broken', (width) => {
    const words = ['printf', '%s,', 'http://octocat@127.0.0.1:12345/acme/tenant.git', DIGEST, 'end'];
    const lines = wrapCommand(words, width, 2);
    expect(execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' })).toBe(`${words.slice(2).join(',')},`);
    for (const line of lines) expect(line.length <= width || line.trim().split(' ').length <= 2).toBe(true);
  });

  test('that fits is one line', () => {
    expect(wrapCommand(['git', 'status'], 80, 2)).toEqual(['  git status']);
  });
});

describe('colours', () => {
  const painted = (isTTY: boolean, env: Record<string, string>) =>
    openTerminal(openStream(isTTY), env).paint('x', 'green');

  test('are there where the terminal has them', () => {
    expect(painted(true, { TERM: 'xterm' })).toBe(`${ESCAPE}32mx${ESCAPE}39m`);
    expect(painted(true, { NO_COLOR: '' })).toContain(ESCAPE); // https://no-color.org: not an empty string
  });

  test.each([
    ['NO_COLOR is set', true, { NO_COLOR: '1' }],
    ['the terminal is dumb', true, { TERM: 'dumb' }],
    ['it is a file', false, {}],
  ])('are not there where %s', (_why, isTTY, env) => {
    expect(painted(isTTY, env as Record<string, string>)).toBe('x');
  });
});

describe('a step', () => {
  test('is one line in a file, when it has ended', async () => {
    const lines: string[] = [];
    await lineProgress((line) => lines.push(line)).step('Registry', async () => {});
    expect(lines).toEqual([expect.stringMatching(/^ {2}✔ Registry \(0\.\d s\)$/)]);
  });

  test('that fails is never marked as done', async () => {
    const lines: string[] = [];
    const step = lineProgress((line) => lines.push(line)).step('Registry', async () => Promise.reject(new Error('no')));
    await expect(step).rejects.toThrow('no');
    expect(lines).toEqual([expect.stringMatching(/^ {2}✘ Registry/)]);
  });

  test('is seen on a terminal while it runs, and stands there once when it has ended', async () => {
    const stream = openStream(true);
    await showSteps(openTerminal(stream, { NO_COLOR: '1' })).step('Registry', async (note) => note('half'));
    expect(show(stream.written.join(''))).toEqual([expect.stringMatching(/^ {2}✔ Registry/), '']);
    expect(stream.written[0]).toContain('… Registry');
  });

  test('of a long name is cut in the status line, which must not break', async () => {
    const stream = openStream(true, 20);
    await showSteps(openTerminal(stream, {})).step('a very long name of a step', async () => {});
    expect(stream.written[0]?.replace(`\r${ESCAPE}K`, '')).toHaveLength(19);
  });
});

test('what the work says is not heard once the end has begun', () => {
  const stream = openStream(true);
  const terminal = openTerminal(stream, {});
  terminal.status?.('working');
  const voice = terminal.takeOver();
  voice.say('ending');
  terminal.say('a failure that the end caused');
  terminal.status?.('still working');
  expect(show(stream.written.join(''))).toEqual(['ending', '']);
});

/** Returns what a terminal shows: a line that was cleared is gone. */
function show(text: string): string[] {
  return text.split('\n').map((line) => line.split(`\r${ESCAPE}K`).at(-1) ?? '');
}
