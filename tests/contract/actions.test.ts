import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { type ActionFiles, checkContract } from '#tests/contract/action-rules.ts';
import { checkAction, listActions } from '../../scripts/build.ts';
import { renderReadmes } from '../../scripts/docs.ts';

function readAction(name: string): ActionFiles {
  const folder = join(repositoryRoot, 'actions', name);
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = entries.map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  return new Map(paths.map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
}

describe.each(listActions())('%s', (name) => {
  test('action.yml, code and README say the same', () => {
    expect(checkContract(readAction(name))).toEqual([]);
  });

  test('the committed bundle is the one that its sources give', async () => {
    expect(await checkAction(name)).toEqual([]);
  });
});

test('the READMEs have the tables of their action.yml or their module', () => {
  for (const [path, text] of renderReadmes()) expect(readFileSync(join(repositoryRoot, path), 'utf8')).toBe(text);
});

describe('each breach is found', () => {
  const good: Record<string, string> = {
    'action.yml':
      'name: A\ndescription: Does.\ninputs:\n  image: {description: An image., required: true}\noutputs:\n  digest: {description: A digest.}\nruns: {using: node24, main: dist/index.cjs}\n',
    'README.md':
      '# a\n<!-- inputs -->\n\n| input | what it is | default |\n| --- | --- | --- |\n| `image` | An image. | required |\n\nBy hand, on your clone: `npm run -s slipway -- run-action a --image VALUE`. What is left out has these defaults.\n\n<!-- /inputs -->\n<!-- outputs -->\n\n| output | what it says |\n| --- | --- |\n| `digest` | A digest. |\n\n<!-- /outputs -->\n',
    'src/main.ts': '',
    'src/inputs.ts': "runner.input('image');\n",
    'src/ports.ts': '',
    'src/run.ts': '',
    'src/outputs.ts': "export const OUTPUTS = ['digest'] as const;\n",
    'src/summary.ts': '',
    'dist/index.cjs': '',
  };
  const breaches: [string, Record<string, string | undefined>, RegExp][] = [
    ['none', {}, /^$/],
    ['a file is missing', { 'src/run.ts': undefined }, /src\/run\.ts is missing/],
    ['an input is never read', { 'src/inputs.ts': '' }, /input image is declared and never read/],
    [
      'an input is not declared',
      { 'src/inputs.ts': "runner.input('image'); runner.input('tag');" },
      /input tag is read and not declared/,
    ],
    ['an output is never set', { 'src/outputs.ts': '' }, /output digest is declared and never set/],
    [
      'an output is not declared',
      { 'src/outputs.ts': "export const OUTPUTS = ['digest', 'tag'] as const;" },
      /output tag is set and not declared/,
    ],
    ['a name is computed', { 'src/inputs.ts': "runner.input('image'); runner.input(name);" }, /computed name/],
    ['main.ts is long', { 'src/main.ts': '\n'.repeat(41) }, /must stay below 40/],
    [
      'the README lags behind',
      { 'README.md': good['README.md']?.replace('An image.', 'A picture.') },
      /not those of action\.yml/,
    ],
    ['the markers are gone', { 'README.md': '# A\n' }, /put the markers back/],
    [
      'a required input has a default',
      { 'action.yml': good['action.yml']?.replace('required: true', 'required: true, default: x') },
      /choose one/,
    ],
  ];
  test.each(breaches)('%s', (_name, change, message) => {
    const files = Object.entries({ ...good, ...change }).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    );
    expect(checkContract(new Map(files)).join('\n')).toMatch(message);
  });
});
