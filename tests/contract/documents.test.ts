import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseConfig } from '#core/config/parse.ts';
import { formatCommitMessage } from '#core/release/commit-message.ts';
import { parseReleases } from '#core/release/trailer.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { listActions } from '../../scripts/build.ts';
import { readManifest } from '../../scripts/docs.ts';
import { checkSnippet, findPhrases, findScripts, findSnippets, type Snippet } from './document-rules.ts';

const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
const actions = new Map(listActions().map((name) => [name, readManifest(read(`actions/${name}/action.yml`))]));
const documents = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: repositoryRoot,
  encoding: 'utf8',
})
  .split('\0')
  .filter((path) => path !== '' && existsSync(join(repositoryRoot, path)));
const ofReadme = findSnippets('README.md', read('README.md'));

function find(snippets: readonly Snippet[], language: string, start: RegExp): Snippet {
  const found = snippets.find((snippet) => snippet.language === language && start.test(snippet.text));
  if (found === undefined) throw new Error(`README.md has no ${language} block that begins like ${start}`);
  return found;
}

describe('YAML in documents parses, and gives our actions what they declare', () => {
  const snippets = documents.flatMap((path) => findSnippets(path, read(path))).filter(isYaml);
  test.each(snippets)('$place', (snippet) => {
    expect(checkSnippet(snippet, actions)).toEqual([]);
  });
  test('every action is shown in use', () => {
    const shown = snippets.map(({ text }) => text).join('\n');
    expect(listActions().filter((name) => !shown.includes(`uses: ./actions/${name}\n`))).toEqual([]);
  });
});

function isYaml({ language }: Snippet): boolean {
  return language === 'yaml';
}

describe('README.md, use it in your repository', () => {
  const config = parseConfig(find(ofReadme, 'yaml', /^registry:/).text, {
    file: 'slipway.yaml',
    pathExists: (path) => ['docker/web.pkr.hcl', 'src', 'overlays/production'].includes(path),
  });
  const workflow = find(ofReadme, 'yaml', /^name: Deploy/).text;

  test('slipway.yaml is valid, with one image and one environment', () => {
    expect([...config.images.keys()]).toEqual(['web']);
    expect([...config.environments.values()].map(({ name, deploys }) => [name, deploys])).toEqual([
      ['production', 'on-push'],
    ]);
  });
  test('the overlay has an entry for the image, in the registry of slipway.yaml', () => {
    const { registry } = config;
    if (registry.type !== 'ecr') throw new Error('the sample no longer shows ECR');
    const entries = parse(find(ofReadme, 'yaml', /^images:/).text).images;
    expect(entries).toEqual([
      {
        name: 'web',
        newName: `${registry.account}.dkr.ecr.${registry.region}.amazonaws.com/web`,
        digest: `sha256:${'0'.repeat(64)}`,
      },
    ]);
  });
  test('the workflow builds and bumps that image, and pins what deploy.yml pins', () => {
    expect(workflow).toContain('with: {image: web}');
    expect(workflow).toContain('images: web=$' + '{{ needs.build.outputs.web }}');
    const pins = [...workflow.matchAll(/uses: [^.\s]\S*@.*/g)].map(([pin]) => pin);
    expect(pins).toHaveLength(4);
    for (const pin of pins) expect(read('.github/workflows/deploy.yml')).toContain(pin);
  });
  test('the commit is the one that a bump writes, and its diff is the release', () => {
    const { text } = find(ofReadme, 'diff', /^deploy\(/);
    const [message = '', diff = ''] = text.split(/^(?=--- a\/)/m);
    const releases = parseReleases(message);
    const intent = { kind: 'deploy', reason: '', id: '', run: '', actor: '' } as const;
    expect(formatCommitMessage([{ intent, holds: [] }], releases)).toBe(`${message.trimEnd()}\n`);
    expect(releases).toMatchObject([{ environment: 'production', image: 'web', kind: 'deploy' }]);
    expect(diff.match(/^[-+] .*/gm)).toEqual([`-    digest: ${releases[0]?.from}`, `+    digest: ${releases[0]?.to}`]);
  });
});

describe('docs/your-repository.md', () => {
  const text = read('docs/your-repository.md');
  const snippets = findSnippets('docs/your-repository.md', text);
  const sample = (language: string, start: RegExp): string => find(snippets, language, start).text;
  const config = parseConfig(sample('yaml', /^# yaml-language-server|^registry:/), {
    file: 'slipway.yaml',
    pathExists: (path) => existsSync(join(repositoryRoot, path)) || /^(docker|api|web)/.test(path),
  });

  test('each entry of the overlay has a name of its image, and its repository', () => {
    const { registry } = config;
    if (registry.type !== 'oci') throw new Error('the sample no longer shows another registry than ECR');
    const entries = parse(sample('yaml', /^apiVersion: kustomize/)).images;
    expect(entries.map(({ name, newName }: Record<string, string>) => [name, newName])).toEqual(
      [...config.images.values()].map(({ name, names }) => [names[0], `${registry.host}/${name}`]),
    );
  });
  test('the template declares what Packer is given', () => {
    const given = [
      ...read('actions/build-image/README.md').matchAll(/^\| `([a-z_`, ]+)` \| (?:the image|the base|for the)/gm),
    ];
    const names = given.flatMap(([, cell = '']) => cell.split('`, `'));
    expect(names).toHaveLength(5);
    const template = sample('hcl', /^variable/);
    expect(names.filter((name) => !template.includes(`variable "${name}" {`))).toEqual([]);
  });
  test('the workflow builds and bumps every image', () => {
    const names = [...config.images.keys()];
    const build = sample('yaml', /^jobs:/);
    const bump = sample('yaml', /^steps:/);
    expect(names.filter((name) => !build.includes(`{image: ${name}}`) || !bump.includes(`${name}=`))).toEqual([]);
  });
  test('the files that it copies are there', () => {
    const files = [...text.matchAll(/\.\.\/slipway\/(\S+)/g)].map(([, file = '']) => file);
    expect(files.filter((file) => !existsSync(join(repositoryRoot, file)))).toEqual([]);
    expect(files).toContain('holds.schema.json');
  });
});

describe('commands in documents exist', () => {
  const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
  const ofOthers = Object.keys(JSON.parse(read('app/package.json')).scripts);
  test.each(documents)('%s', (path) => {
    const known = path.startsWith('app/') ? [...scripts, ...ofOthers] : scripts;
    expect(findScripts(read(path)).filter((name) => !known.includes(name))).toEqual([]);
  });
});

test('every folder of core and the lab has its row in architecture.md, and every row its folder', () => {
  const page = read('docs/architecture.md');
  const table = page.slice(0, page.indexOf('\n\nImports go one way'));
  const rows = [...table.matchAll(/`((?:core|lab)\/[a-z]+)`/g)].map(([, folder]) => folder);
  const folders = ['core', 'lab'].flatMap((parent) =>
    readdirSync(join(repositoryRoot, parent), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => `${parent}/${name}`),
  );
  expect([...new Set(rows)].sort()).toEqual(folders.sort());
});

describe('documents are in plain English', () => {
  const ours = documents.filter((path) => !path.includes('/golden/'));
  test.each(ours)('%s', (path) => {
    expect(findPhrases(path, read(path))).toEqual([]);
  });
});

test('so are comments, sentences and descriptions in the source', () => {
  const sources = execFileSync('git', ['ls-files', 'actions', 'app', 'bench', 'commands', 'core', 'lab', 'scripts'], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
    .split('\n')
    .filter((path) => /\.(ts|mjs)$|(^|\/)action\.yml$/.test(path) && !/(^|\/)(dist|tests)\//.test(path))
    .filter((path) => existsSync(join(repositoryRoot, path)));
  expect(sources.length).toBeGreaterThan(500);
  const account = /'nobody'/g; // of Linux, and of a test
  expect(sources.flatMap((path) => findPhrases(path, read(path).replaceAll(account, '')))).toEqual([]);
});

describe('the rules find', () => {
  const declared = new Map([['bump', { inputs: { images: { required: true }, branch: { required: false } } }]]);
  const check = (text: string): string[] =>
    findSnippets('a.md', `# A\n\n   \`\`\`yaml\n${text.replaceAll(/^/gm, '   ')}\n   \`\`\`\n`).flatMap((snippet) =>
      checkSnippet(snippet, declared),
    );
  test.each([
    ['nothing, when all is well', 'steps:\n  - uses: ./actions/bump\n    with: {images: a, branch: b}', []],
    ['nothing in a file of another kind', '- name: a', []],
    ['YAML that does not parse', 'steps: [', ['a.md:4: Flow sequence in block collection must be']],
    ['an action that is not there', 'steps: [{uses: ./actions/dump}]', ['a.md:4: there is no action ./actions/dump']],
    [
      'an input that is not declared, in a job too',
      'jobs: {b: {steps: [{uses: ./actions/bump, with: {images: a, brunch: c}}]}}',
      ['a.md:4: ./actions/bump has no input brunch'],
    ],
    [
      'a required input that is left out',
      'steps: [{uses: ./actions/bump}]',
      ['a.md:4: ./actions/bump needs the input images'],
    ],
  ])('%s', (_name, text, expected) => {
    const faults = check(text);
    expect(faults).toHaveLength(expected.length);
    for (const [index, sentence] of expected.entries()) expect(faults[index]).toContain(sentence);
  });
  test('phrases that need a second reading, but none in code or in a table that action.yml writes', () => {
    const document =
      'Whoever\nmends it `nobody`\n<!-- inputs -->\nshall\n<!-- /inputs -->\n```sh\nanew\n```\nIt stands for one.\n';
    expect(findPhrases('a.md', document)).toEqual(['a.md:1 Whoever', 'a.md:2 mends', 'a.md:9 stands for']);
  });
  test('the scripts that a document names', () => {
    expect(findScripts('`npm test`, npm run -s check:trust -- --help, `npm run e2e`')).toEqual([
      'test',
      'check:trust',
      'e2e',
    ]);
  });
});
