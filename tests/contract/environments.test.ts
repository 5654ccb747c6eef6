import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { addEnvironment } from '#lab/tests/third-environment.ts';
import { checkEnvironments } from '#tests/contract/environment-rules.ts';

const PARTS = ['slipway.yaml', 'overlays', 'base', 'argocd', '.github/workflows'];

function readFiles(root: string): Map<string, string> {
  const paths = PARTS.flatMap((part) =>
    part.includes('.yaml')
      ? [part]
      : readdirSync(join(root, part), { recursive: true, withFileTypes: true })
          .filter((entry) => entry.isFile())
          .map((entry) => relative(root, join(entry.parentPath, entry.name))),
  );
  return new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
}

test('slipway.yaml, overlays/, argocd/ and .github/workflows/ know the same environments', () => {
  expect(checkEnvironments(readFiles(repositoryRoot))).toEqual([]);
});

type Files = Map<string, string>;
const edit = (path: string, change: (text: string) => string) => (files: Files) => {
  const before = files.get(path) ?? '';
  const after = change(before);
  if (after === before) throw new Error(`nothing to change in ${path}`);
  files.set(path, after);
};
const remove = (path: string) => (files: Files) => void files.delete(path);
const removeLine = (path: string, line: RegExp) => edit(path, (text) => text.replace(line, ''));
const workflow = (rest: object) => (files: Files) =>
  void files.set('.github/workflows/x.yml', JSON.stringify({ on: 'push', jobs: {}, ...rest }));
const offer = (name: string, ...options: string[]) =>
  workflow({ on: { workflow_dispatch: { inputs: { [name]: { type: 'choice', options } } } } });
const step = (uses: string, environment: string) =>
  workflow({ jobs: { a: { steps: [{ uses, with: { environment } }] } } });
const onlyBumps =
  (...names: string[]) =>
  (files: Files) => {
    for (const path of files.keys()) if (path.startsWith('.github/')) files.delete(path);
    const steps = names.map((environment) => ({ uses: './actions/bump-overlay', with: { environment } }));
    workflow({ jobs: { a: { steps } } })(files);
  };
const overlay = 'overlays/preview/kustomization.yaml';

const rows: [string, (files: Files) => void, string[]][] = [
  ['is done right', () => {}, []],
  [
    'without its overlay',
    remove(overlay),
    [`${overlay} does not exist: slipway.yaml has an environment preview; write its overlay or remove it there`],
  ],
  [
    'without a namespace in its overlay',
    removeLine(overlay, /^namespace: .*\n/m),
    [`${overlay} has no namespace: add the one that preview runs in`],
  ],
  [
    'without an entry for an image that its base uses',
    removeLine(overlay, / {2}- name: dev-sandbox\n.*\n.*\n/),
    [`${overlay} has no entry for dev-sandbox, which its base uses: add one under images`],
  ],
  [
    'without its Application',
    remove('argocd/preview.yaml'),
    ['argocd/preview.yaml does not exist: add an Application with path: overlays/preview, or nothing deploys preview'],
  ],
  [
    'with an Application that is not listed',
    removeLine('argocd/kustomization.yaml', / {2}- preview.yaml\n/),
    ['argocd/kustomization.yaml does not list preview.yaml: add it to resources'],
  ],
  [
    'with two Applications',
    (files) => void files.set('argocd/copy.yaml', files.get('argocd/preview.yaml') ?? ''),
    [
      'argocd/copy.yaml has path overlays/preview like argocd/preview.yaml: one Application syncs an overlay, remove the other',
    ],
  ],
  [
    "with an Application in another's namespace",
    edit('argocd/preview.yaml', (text) => text.replace('discord-bot-preview', 'discord-bot-staging')),
    [
      'argocd/preview.yaml deploys to discord-bot-staging, but overlays/preview writes discord-bot-preview: make them the same',
    ],
  ],
  [
    'that its AppProject does not allow',
    removeLine('argocd/project.yaml', /^.*discord-bot-preview.*\n/m),
    ['argocd/project.yaml does not allow discord-bot-preview, where preview runs: add it to destinations'],
  ],
  [
    'that slipway.yaml does not name',
    removeLine('slipway.yaml', /^ {2}preview: .*\n/m),
    [
      'overlays/preview is the overlay of no environment: name it in slipway.yaml or remove it',
      "argocd/preview.yaml syncs overlays/preview, which is not an environment's overlay: correct its path",
      '.github/workflows/hold.yml: the input environment offers preview, which slipway.yaml does not have: remove it',
      '.github/workflows/rollback.yml: the input environment offers preview, which slipway.yaml does not have: remove it',
    ],
  ],
  [
    'that a choice does not offer',
    offer('environment', 'staging', 'production'),
    ['.github/workflows/x.yml: the input environment does not offer preview: add it to options'],
  ],
  [
    'beside a choice that offers one that is gone',
    offer('target', 'staging', 'production', 'preview', 'moon'),
    ['.github/workflows/x.yml: the input target offers moon, which slipway.yaml does not have: remove it'],
  ],
  ['beside a choice of something else', offer('level', 'debug', 'info'), []],
  ['with a choice that offers all', offer('environment', 'production', 'preview', 'staging'), []],
  [
    'whose name a step spells wrong',
    step('./actions/bump-overlay', 'previw'),
    [
      '.github/workflows/x.yml: ./actions/bump-overlay gets the environment previw, which slipway.yaml does not have: correct its name',
    ],
  ],
  ['that a step takes from an input', step('./actions/bump-overlay', '$' + '{{ inputs.environment }}'), []],
  ["beside a stranger's action with an input of that name", step('acme/deploy@v1', 'moon'), []],
  [
    'that deploys on push and that nothing bumps',
    (files) => {
      edit('slipway.yaml', (text) => text.replace('preview, deploys: by-hand', 'preview, deploys: on-push'))(files);
      onlyBumps('staging', 'production')(files);
    },
    ['.github/workflows: no step bumps preview, which deploys on push: use ./actions/bump-overlay without environment'],
  ],
  [
    'that deploys on push, with one bump for all',
    (files) => {
      edit('slipway.yaml', (text) => text.replace('preview, deploys: by-hand', 'preview, deploys: on-push'))(files);
      onlyBumps()(files);
      workflow({ jobs: { a: { steps: [{ uses: './actions/bump-overlay' }] } } })(files);
    },
    [],
  ],
];

describe('a third environment', () => {
  let folder: string;
  let right: ReadonlyMap<string, string>;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-environments-'));
    for (const part of PARTS) cpSync(join(repositoryRoot, part), join(folder, part), { recursive: true });
    addEnvironment(folder, 'preview', { deploys: 'by-hand' });
    right = readFiles(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(rows)('%s', (_name, change, expected) => {
    const files = new Map(right);
    change(files);
    expect(checkEnvironments(files)).toEqual(expected);
  });
});
