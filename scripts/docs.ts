import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { type Block, parseBlocks } from '#tests/terraform-blocks.ts';
import { listActions } from './build.ts';

const root = join(import.meta.dirname, '..');

const input = z.object({ description: z.string(), required: z.boolean(), default: z.string().optional() });
const manifest = z.object({
  name: z.string(),
  description: z.string(),
  author: z.string().optional(),
  inputs: z.record(z.string(), input).default({}),
  outputs: z.record(z.string(), z.object({ description: z.string() })).default({}),
  runs: z.object({ using: z.literal('node24'), main: z.literal('dist/index.cjs') }),
});

/** action.yml as this project writes it: every input described and marked as required or not. */
export type Manifest = z.output<typeof manifest>;

/** Returns an action's action.yml; throws with what does not fit. */
export function readManifest(text: string): Manifest {
  return manifest.parse(parse(text));
}

/** Returns the README, whose title is the action's name, with its tables written from action.yml; throws when a marker is gone. */
export function fillReadme(readme: string, actionYml: string): string {
  const { inputs, outputs } = readManifest(actionYml);
  const inputRows = Object.entries(inputs).map(([input, { description, required, default: value }]) => [
    `\`${input}\``,
    cell(description),
    required ? 'required' : value === undefined || value === '' ? '' : `\`${value}\``,
  ]);
  const outputRows = Object.entries(outputs).map(([output, { description }]) => [`\`${output}\``, cell(description)]);
  const required = Object.keys(inputs).filter((input) => inputs[input]?.required);
  const [, name = ''] = /^# (\S+)/.exec(readme) ?? [];
  const byHand = ['npm run -s slipway -- run-action', name, ...required.map((input) => `--${input} VALUE`)].join(' ');
  const table = toTable(['input', 'what it is', 'default'], inputRows);
  const text = `${table}\n\nBy hand, on your clone: \`${byHand}\`. What is left out has these defaults.`;
  const filled = replaceBetween(readme, 'inputs', text);
  return replaceBetween(filled, 'outputs', toTable(['output', 'what it says'], outputRows));
}

/** Returns the root README with its table of actions; throws when its markers are gone. */
export function fillRootReadme(readme: string, manifests: ReadonlyMap<string, Manifest>): string {
  const rows = [...manifests].map(([name, { description }]) => [
    `[${name}](actions/${name}/README.md)`,
    cell(description),
  ]);
  return replaceBetween(readme, 'actions', toTable(['action', 'does'], rows));
}

/**
 * Returns the README of a Terraform module with its tables written from variables.tf and outputs.tf; throws when a
 * marker or a description is gone.
 */
export function fillModuleReadme(readme: string, variables: string, outputs: string): string {
  const inputRows = parseBlocks(variables).map((block) => {
    const [type = '', value] = ['type', 'default'].map((name) => block.attributes.get(name)).map(tidyExpression);
    return [nameOf(block), describe(block), `\`${type}\``, value === undefined ? 'required' : `\`${value}\``];
  });
  const outputRows = parseBlocks(outputs).map((block) => [nameOf(block), describe(block)]);
  const filled = replaceBetween(readme, 'inputs', toTable(['input', 'what it is', 'type', 'default'], inputRows));
  return replaceBetween(filled, 'outputs', toTable(['output', 'what it is'], outputRows));
}

function nameOf({ labels }: Block): string {
  return `\`${labels.join('.')}\``;
}

function describe(block: Block): string {
  const text = block.attributes.get('description');
  if (text === undefined) throw new Error(`${block.type} ${block.labels.join('.')} has no description: write one`);
  return cell(readText(text));
}

/** Returns what a string says, or a here-document, whose lines are folded into one. */
function readText(expression: string): string {
  const [, , lines] = /^<<-?(\w+)\n([\s\S]*)\n\s*\1$/.exec(expression) ?? [];
  return lines === undefined ? z.string().parse(JSON.parse(expression)) : lines.trim().replaceAll(/\s+/g, ' ');
}

/** An expression's tokens as a person writes them on one line: `object({ a = string, b = optional(string) })`. */
function tidyExpression(tokens: string | undefined): string | undefined {
  return tokens
    ?.replaceAll(/ ([(),.\]])/g, '$1')
    .replaceAll(/([(.[]) /g, '$1')
    .replaceAll(/([^{,]) (\S+ = )/g, '$1, $2')
    .replaceAll(/{ }/g, '{}')
    .replaceAll('|', '\\|');
}

function replaceBetween(text: string, marker: string, content: string): string {
  const [open, close] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start === -1 || end < start)
    throw new Error(`the README has no ${open} … ${close}: put the markers back where the table belongs`);
  return `${text.slice(0, start + open.length)}\n\n${content}\n\n${text.slice(end)}`;
}

function toTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text: string): string {
  return text
    .replaceAll('|', '\\|')
    .replaceAll(/(`[^`]*`)|</g, (_, code?: string) => code ?? '\\<') // outside code, <name> would be a tag
    .replaceAll('\n', ' ');
}

/** Returns every README with what it should say: path → text. */
export function renderReadmes(): Map<string, string> {
  const read = (path: string): string => readFileSync(join(root, path), 'utf8');
  const manifests = new Map(listActions().map((name) => [name, readManifest(read(`actions/${name}/action.yml`))]));
  const ofActions = [...manifests.keys()].map((name): [string, string] => {
    const path = `actions/${name}/README.md`;
    return [path, fillReadme(read(path), read(`actions/${name}/action.yml`))];
  });
  const ofModules = readdirSync(join(root, 'terraform/modules')).map((name): [string, string] => {
    const folder = `terraform/modules/${name}`;
    const path = `${folder}/README.md`;
    return [path, fillModuleReadme(read(path), read(`${folder}/variables.tf`), read(`${folder}/outputs.tf`))];
  });
  return new Map([...ofActions, ...ofModules, ['README.md', fillRootReadme(read('README.md'), manifests)]]);
}

if (import.meta.main) {
  for (const [path, text] of renderReadmes()) writeFileSync(join(root, path), text);
}
