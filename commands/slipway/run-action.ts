import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { createExec } from '#core/system/exec.ts';
import { openScratch } from '#core/system/scratch.ts';
import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { type CommandOption, type CommandResult, defineCommand, runCommand, UsageError } from '../command.ts';
import { type ActionPlace, type PlaceOptions, readActionPlace } from './action-environment.ts';
import type { SlipwayPorts } from './session.ts';

const actions = join(import.meta.dirname, '../../actions');

const manifestSchema = z.object({
  description: z.string(),
  inputs: z
    .record(z.string(), z.object({ description: z.string(), required: z.boolean(), default: z.string().default('') }))
    .default({}),
});
type Manifest = z.output<typeof manifestSchema>;

/** The token comes from the environment: what is typed stays in the shell's history. */
const FROM_ENVIRONMENT = 'token';

const PLACE = {
  repository: { type: 'string', value: 'FOLDER', help: 'your clone; the current folder unless given' },
  page: { type: 'string', value: 'URL', help: "the repository's page; by origin unless given" },
  actor: { type: 'string', value: 'NAME', help: 'who asks; git config user.name unless given' },
} as const;

/** What the overview says of this verb. */
export const runActionHelp = {
  name: 'npm run -s slipway -- run-action',
  summary: 'Runs an action by hand, as its workflow would, on your clone. Its inputs are the options.',
  example: 'retain-images',
} as const;

/** Runs the action that the first word names; without one it says which there are. */
export async function runActionByHand(argv: readonly string[], screen: SlipwayPorts): Promise<CommandResult> {
  const [name = '', ...rest] = argv;
  const names = readdirSync(actions).filter((action) => existsSync(join(actions, action, 'action.yml')));
  if (!names.includes(name)) {
    const list = names.map((one) => `  ${runActionHelp.name} ${one} --help\n`).join('');
    if (name === '--help') return { exitCode: 0, stdout: `${runActionHelp.summary}\n\n${list}`, stderr: '' };
    const fault = name === '' ? 'say which action' : `${quote(name)} is not an action${suggestName(name, names)}`;
    return { exitCode: 2, stdout: '', stderr: `${fault}\n${list}` };
  }
  const manifest = manifestSchema.parse(parse(readFileSync(join(actions, name, 'action.yml'), 'utf8')));
  const command = defineCommand({
    name: `${runActionHelp.name} ${name}`,
    summary: manifest.description,
    options: { ...describeInputs(manifest), ...PLACE },
    example: showExample(manifest),
    exitCodes: ['the action ended well', 'the action failed', 'wrong usage, or something is missing'],
    run: (line, ports: SlipwayPorts) => runOnce(name, manifest, line.values, ports),
  });
  return runCommand(command, joinRepeated(rest), screen);
}

function describeInputs({ inputs }: Manifest): Record<string, CommandOption> {
  const shown = Object.entries(inputs).filter(([name]) => name !== FROM_ENVIRONMENT);
  const described = shown.map(([name, { description, required, default: value }]): [string, CommandOption] => {
    const until = required ? ' (required)' : ` (${value === '' ? 'empty' : value} unless given)`;
    return [name, { type: 'string', value: 'VALUE', help: `${description}${until}` }];
  });
  return Object.fromEntries(described);
}

function showExample({ inputs }: Manifest): string {
  const required = Object.keys(inputs).filter((name) => inputs[name]?.required);
  return required.map((name) => `--${name} VALUE`).join(' ');
}

/** An option that is given several times is an input of several lines. */
function joinRepeated(argv: readonly string[]): string[] {
  const values = new Map<string, string>();
  const rest: string[] = [];
  for (let index = 0; index < argv.length; index++) {
    const [word = '', next] = [argv[index], argv[index + 1]];
    const [, name = '', value] = /^(--[^=]+)=([\s\S]*)$/.exec(word) ?? [];
    const isPair = name === '' && word.startsWith('--') && next !== undefined && !next.startsWith('--');
    if (name === '' && !isPair) rest.push(word);
    else {
      const [key, text] = isPair ? [word, next] : [name, value ?? ''];
      const before = values.get(key);
      values.set(key, before === undefined ? text : `${before}\n${text}`);
      if (isPair) index += 1;
    }
  }
  return [...[...values].map(([name, value]) => `${name}=${value}`), ...rest];
}

type Values = Readonly<Record<string, string | boolean | undefined>>;

async function runOnce(name: string, manifest: Manifest, values: Values, screen: SlipwayPorts): Promise<CommandResult> {
  const place = await readActionPlace(values as PlaceOptions, screen); // each of them is text
  const inputs = resolveInputs(manifest, values, place);
  const missing = [...inputs.missing, ...place.missing];
  if (missing.length > 0) throw new UsageError(['missing:', ...missing.map((line) => `  ${line}`)].join('\n'));
  if (place.uncommitted.length > 0) screen.tell(describeUncommitted(place.uncommitted));
  const scratch = await openScratch(screen.temp, 'run-action');
  try {
    const folder = await scratch.folder();
    const temp = join(folder, 'temp');
    await mkdir(temp);
    const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
    await Promise.all(Object.values(files).map((path) => writeFile(path, '')));
    const env = { ...screen.environment, ...place.environment, ...inputs.environment, ...files, RUNNER_TEMP: temp };
    const { code } = await createExec(env)([process.execPath, join(actions, name, 'src/main.ts')], {
      accept: 'any',
      onLine: (line) => {
        const text = readWorkflowCommand(line);
        if (text !== undefined) screen.tell(text);
      },
    });
    const [outputs, summary] = await Promise.all(Object.values(files).map((path) => readFile(path, 'utf8')));
    const stdout = [renderOutputs(outputs ?? ''), summary ?? ''].filter((text) => text !== '').join('\n');
    return { exitCode: code === 0 ? 0 : 1, stdout, stderr: '' };
  } finally {
    await scratch.remove();
  }
}

const MOST_SHOWN = 3;

/** Actions read commits: a person who has just saved a file would wonder why nothing is built. */
function describeUncommitted(paths: readonly string[]): string {
  const more = paths.length > MOST_SHOWN ? `, and ${paths.length - MOST_SHOWN} more` : '';
  const list = paths.slice(0, MOST_SHOWN).join(', ');
  return `note: actions read what is committed; these changes are not, and do not count: ${list}${more}`;
}

/** Returns the inputs as a runner hands them on: what was typed, else action.yml's default with its expressions read. */
function resolveInputs({ inputs }: Manifest, values: Values, { expressions }: ActionPlace) {
  const missing: string[] = [];
  const environment: Record<string, string> = {};
  for (const [name, { description, required, default: written }] of Object.entries(inputs)) {
    const given = name === FROM_ENVIRONMENT ? undefined : values[name];
    const [, expression] = /^\$\{\{\s*(\S+)\s*\}\}$/.exec(written) ?? [];
    const value = given ?? (expression === undefined ? written : expressions[expression]);
    if (value === undefined || (required && value === '')) missing.push(`--${name} VALUE: ${description}`);
    else environment[`INPUT_${name.toUpperCase()}`] = String(value);
  }
  return { environment, missing };
}

/** Returns a line of the step as a person reads it; undefined for what only a runner needs, such as a mask. */
export function readWorkflowCommand(line: string): string | undefined {
  const [, command, message = ''] = /^::([\w-]+)(?: [^:]*)?::(.*)$/.exec(line) ?? [];
  if (command === undefined) return line;
  const text = message.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
  if (command === 'error' || command === 'warning' || command === 'notice') return `${command}: ${text}`;
  return command === 'group' ? text : undefined;
}

/** The runner's file has `name<<delimiter`, the lines, the delimiter. */
function renderOutputs(file: string): string {
  const outputs = [...file.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n?\2$/gm)];
  return outputs.map(([, name = '', , value = '']) => `${name}=${value}\n`).join('');
}
