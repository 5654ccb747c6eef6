import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** What someone meets who has just cloned the repository. */
const read = (path: string): string => readFileSync(join(repositoryRoot, path), 'utf8');
/** Returns those of the paths that git does not ignore. */
function listTracked(paths: readonly string[]): string[] {
  const { stdout } = spawnSync('git', ['check-ignore', '--stdin'], {
    cwd: repositoryRoot,
    input: paths.join('\n'),
    encoding: 'utf8',
  });
  const ignored = new Set(stdout.split('\n'));
  return paths.filter((path) => !ignored.has(path));
}

describe('git ignores what commands write and what holds secrets', () => {
  const documents = execFileSync('git', ['ls-files', '*.md'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n');
  const written = documents.filter(Boolean).flatMap((path) => {
    const code = [...read(path).matchAll(/```(?:sh|bash|text)\n([\s\S]*?)```/g)]
      .map(([, block = '']) => block)
      .join('\n');
    const named = [...code.matchAll(/-out=(\S+)|[^-<>2]> ?([\w./-]+)/g)].map(([, plan, file]) => plan ?? file ?? '');
    // the others are meant to be committed
    return named.filter((file) => file !== '/dev/null' && !/^(?:argocd|overlays)\/|\/backend\.tf$/.test(file));
  });
  test('the documents write plans and lists', () => {
    expect(written).toEqual(expect.arrayContaining(['planned', 'policy.json', 'images.json']));
  });
  test('what they write', () => {
    expect(listTracked(written)).toEqual([]);
  });
  const folders = ['', 'terraform/', 'terraform/bootstrap/', 'terraform/aws/', 'lab/terraform/', 'app/'];
  const names = ['planned', 'plan.json', 'x.tfplan', 'tfplan', 'terraform.tfstate'];
  const more = ['terraform.tfstate.backup', '.terraform/providers', 'crash.log'];
  test.each([...names, ...more])('%s, in every folder', (name) => {
    expect(listTracked(folders.map((folder) => folder + name))).toEqual([]);
  });
  test('but not the settings, the lock files and the bill', () => {
    const kept = ['terraform/aws/terraform.tfvars', 'terraform/aws/.terraform.lock.hcl', 'docs/cost.md'];
    expect(listTracked(kept)).toEqual(kept);
  });
});

describe('every npm script of a fresh clone sets itself up', () => {
  const scripts: Record<string, string> = JSON.parse(read('package.json')).scripts;
  /** True when the set-up runs before anything of node_modules does. */
  function isSetUp(name: string): boolean {
    const before = scripts[`pre${name}`];
    const first = (before ?? scripts[name] ?? '').split('&&')[0]?.trim() ?? '';
    if (first === 'node scripts/setup.mjs') return true;
    const [, next] = /^(?:[A-Z_]+=\S+ )*npm (?:run (?:-s )?)?([\w:]+)/.exec(first) ?? [];
    return next !== undefined && next !== name && isSetUp(next);
  }
  test.each(Object.keys(scripts).filter((name) => !name.startsWith('pre')))('%s', (name) => {
    expect(isSetUp(name)).toBe(true);
  });
  test('a script that does not, and one that calls itself, are found', () => {
    Object.assign(scripts, { bare: 'biome check .', loop: 'npm run loop', 'pre-x': '', deep: 'npm run -s lint && x' });
    expect(['bare', 'loop', 'deep', 'nowhere'].map(isSetUp)).toEqual([false, false, true, false]);
  });
});

describe('README.md says what is', () => {
  const readme = read('README.md');
  const [, first = ''] = readme.split('\n\n');

  test('what it promises first has its workflow, which one click starts', () => {
    expect(first).toContain('One click takes a release back, and it stays back until you let go.');
    for (const file of ['rollback.yml', 'hold.yml']) {
      expect(read(`.github/workflows/${file}`)).toContain('workflow_dispatch:');
      expect(readme).toContain(`.github/workflows/${file}`);
    }
  });
  test('what it says of a release that runs is said by a workflow that Argo CD’s report starts', () => {
    expect(first).toContain('Whether a release really runs is said on the commit that it was built from');
    expect(read('.github/workflows/verdict.yml')).toMatch(/^on: status\b/m);
  });
  test.each(['package.json', 'actions/bump-overlay/action.yml'])(
    '%s claims no proof that a release runs: that is report-verdict’s to say',
    (path) => expect(read(path)).not.toMatch(/running, proven|proven to run|until it is healthy/i),
  );
  test('it ends where the changes are', () => {
    expect(readme.trimEnd().split('\n').at(-1)).toBe('| what changed | [CHANGELOG.md](CHANGELOG.md) |');
  });
});
