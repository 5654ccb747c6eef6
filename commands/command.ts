import { parseArgs } from 'node:util';
import { chalk } from 'zx/core';
import { ExpectedError, isExpected, quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';

/** What a command leaves behind. 0: done, nothing found. 1: a finding or a failure. 2: wrong usage. */
export interface CommandResult {
  readonly exitCode: 0 | 1 | 2;
  readonly stdout: string;
  readonly stderr: string;
}

/** One option of a command. */
export interface CommandOption {
  readonly type: 'string' | 'boolean';
  /** The value as the usage shows it, such as FILE. */
  readonly value?: string;
  /** What the option is, as the end of a sentence; a missing option is asked for with it. */
  readonly help: string;
  readonly required?: true;
}

type Options = Readonly<Record<string, CommandOption>>;

/** What was typed, by the command's own list of options. */
export interface CommandLine<O extends Options> {
  readonly values: { readonly [Name in keyof O]?: O[Name]['type'] extends 'boolean' ? boolean : string };
  readonly operands: readonly string[];
}

/** A command as a person meets it, and what it does. */
export interface Command<O extends Options, Ports> {
  /** As it is typed, such as `npm run -s expire --`. */
  readonly name: string;
  /** What it does, in one sentence. */
  readonly summary: string;
  readonly options: O;
  /** The words that are no options, as the usage shows them, such as FILE…; undefined where there are none. */
  readonly operands?: string;
  /** What follows the command's name in an example that works. */
  readonly example: string;
  /** What each exit code means. */
  readonly exitCodes: readonly [done: string, finding: string, usage: string];
  readonly run: (line: CommandLine<O>, ports: Ports) => CommandResult | Promise<CommandResult>;
}

/** What was typed cannot be meant: the message is told with the usage, and the exit code is 2. */
export class UsageError extends ExpectedError {
  override readonly name = 'UsageError';
}

/** Returns a command as it is: the compiler learns the options from it. */
export function defineCommand<const O extends Options, Ports>(command: Command<O, Ports>): Command<O, Ports> {
  return command;
}

/** Runs a command on its arguments. An error that a person can act on is a sentence on standard error, never a stack. */
export async function runCommand<O extends Options, Ports>(
  command: Command<O, Ports>,
  argv: readonly string[],
  ports: Ports,
): Promise<CommandResult> {
  if (argv.includes('--help')) return { exitCode: 0, stdout: renderHelp(command), stderr: '' };
  try {
    return await command.run(readLine(command, argv), ports);
  } catch (error) {
    if (error instanceof UsageError) {
      const usage = `usage: ${renderUsage(command)}\nhelp:  ${command.name} --help\n`;
      return { exitCode: 2, stdout: '', stderr: `${error.message}\n${usage}` };
    }
    if (isExpected(error)) return { exitCode: 1, stdout: '', stderr: `${error.message}\n` };
    throw error;
  }
}

/** Runs a command on the process's arguments and leaves its result. */
export async function main<O extends Options, Ports>(command: Command<O, Ports>, ports: Ports): Promise<void> {
  leave(await runCommand(command, process.argv.slice(2), ports));
}

/** Leaves a result behind: output, errors in red on a terminal, exit code. */
export function leave({ exitCode, stdout, stderr }: CommandResult): void {
  const isColoured = process.stderr.isTTY && exitCode !== 0 && !process.env['NO_COLOR'];
  const [output, errors] = [hideUserinfo(stdout), hideUserinfo(stderr)];
  process.stdout.write(output);
  process.stderr.write(isColoured ? chalk.red(errors) : errors);
  process.exitCode = exitCode;
}

/** Returns the command line, checked against the command's options. */
function readLine<O extends Options, Ports>(command: Command<O, Ports>, argv: readonly string[]): CommandLine<O> {
  const { options } = command;
  const { values, positionals, tokens } = parseArgs({
    args: [...argv],
    options,
    allowPositionals: true,
    strict: false, // its own sentences know neither near names nor what a value is
    tokens: true,
  });
  for (const token of tokens) if (token.kind === 'option') checkOption(options, token);
  if (command.operands === undefined && positionals[0] !== undefined)
    throw new UsageError(`${quote(positionals[0])} is not an option, and the command takes nothing else`);
  for (const [name, { required, help }] of Object.entries(options))
    if (required && !values[name]) throw new UsageError(`--${name} is missing: give ${help}`);
  return { values: values as CommandLine<O>['values'], operands: positionals }; // each value's type is checked above
}

function checkOption(options: Options, token: { name: string; rawName: string; value?: string | undefined }): void {
  const names = Object.keys(options).map((name) => `--${name}`);
  const option = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
  if (option === undefined || token.rawName !== `--${token.name}`)
    throw new UsageError(`${quote(token.rawName)} is not an option${suggestName(token.rawName, names)}`);
  if (option.type === 'string' && (token.value === undefined || token.value.startsWith('--')))
    throw new UsageError(`${token.rawName} has no value: give ${option.help}`);
  if (option.type === 'boolean' && token.value !== undefined)
    throw new UsageError(`${token.rawName} takes no value, and has ${quote(token.value)}`);
}

function renderUsage<O extends Options, Ports>({ name, options, operands }: Command<O, Ports>): string {
  const shown = Object.entries(options).map(([option, { required, ...rest }]) => {
    const word = showOption(option, rest);
    return required ? word : `[${word}]`;
  });
  return [name, ...shown, ...(operands === undefined ? [] : [operands])].join(' ');
}

function renderHelp<O extends Options, Ports>(command: Command<O, Ports>): string {
  const rows = Object.entries(command.options).map(([name, option]) => [showOption(name, option), option.help]);
  const width = Math.max(0, ...rows.map(([word = '']) => word.length));
  return [
    command.summary,
    '',
    `usage: ${renderUsage(command)}`,
    '',
    ...rows.map(([word = '', help]) => `  ${word.padEnd(width)}  ${help}`),
    '',
    'example:',
    `  ${command.name} ${command.example}`,
    '',
    'exit codes:',
    ...command.exitCodes.map((meaning, code) => `  ${code}  ${meaning}`),
    '',
  ].join('\n');
}

function showOption(name: string, { value }: Pick<CommandOption, 'value'>): string {
  return value === undefined ? `--${name}` : `--${name} ${value}`;
}
