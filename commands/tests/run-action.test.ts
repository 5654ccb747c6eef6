import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseOrigin } from '#commands/slipway/action-environment.ts';
import { readWorkflowCommand } from '#commands/slipway/run-action.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { git } from '#tests/support/repositories.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, type OnTerminal, typeSlipway } from '#tests/support/terminal.ts';
import { listActions } from '../../scripts/build.ts';

let tenant: Tenant;
let clone: string;

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot', 'dev-sandbox'] });
  clone = cloneForPerson(tenant);
});
afterAll(() => tenant.close());

const type = (...words: string[]): Promise<OnTerminal> => typeSlipway(tenant, clone, ['run-action', ...words]);
const PAGE = ['--page', 'https://github.example/acme/tenant'];
const main = (): string => tenant.remoteGit('rev-parse', 'main');

describe('an action by hand', () => {
  test('two required inputs of several lines: it lands, tells what it does, ends with outputs and summary', async () => {
    const [bot, sandbox] = [tenant.push('discord-bot', 'one'), tenant.push('dev-sandbox', 'one')];
    const images = ['--images', `discord-bot=${bot}`, `--images=dev-sandbox=${sandbox}`];
    const run = await type('bump-overlay', ...images, ...PAGE);
    expect([run.exitCode, run.told]).toEqual([0, expect.stringContaining('production/discord-bot: 0000000… → ')]);
    expect(run.stdout).toMatch(new RegExp(`^outcome=landed\\ncommit=${main()}\\nreleases=\\[`));
    expect(run.stdout).toContain('### 🚢 Committed for production, not yet seen running');
    expect(run.stdout).toContain('⚠️ No Argo CD Application in this checkout follows overlays/production.');
    expect(run.stdout.trimEnd().split('\n').at(-1)).toMatch(/Rendered with kustomize/);
    expect(tenant.readOverlay()).toContain(sandbox);
  }, 30_000);

  test('it names the person, and no page of a run that never was', () => {
    const [release = ''] = tenant.releases();
    expect(release).toMatch(/ actor=On%20Call$/);
    expect(release).not.toContain('/actions/runs/');
  });

  test('an action without required inputs needs nothing; what a runner only hides is not shown', async () => {
    const run = await type('reconcile-overlays', ...PAGE);
    expect([run.exitCode, run.stderr]).toEqual([0, '']);
    expect(run.stdout).toContain('### ✅ Nothing was left behind');
    expect(run.told).not.toContain('::');
  }, 30_000);

  test('what is not committed is named, since it does not count', async () => {
    const note = /^note: actions read what is committed; .* do not count: (.*)$/m;
    expect((await type('reconcile-overlays', ...PAGE)).told).not.toMatch(note);
    const tell = async (name: string): Promise<string | undefined> => {
      writeFileSync(join(clone, name), 'x');
      git(clone, 'add', '--intent-to-add', name);
      return note.exec((await type('reconcile-overlays', ...PAGE)).told)?.[1];
    };
    expect(await tell('a.js')).toBe('a.js');
    expect(await tell('b ü.js')).toBe('a.js, b ü.js');
    await tell('c.js');
    expect(await tell('d.js')).toBe('a.js, b ü.js, c.js, and 1 more');
    git(clone, 'reset', '-q', '--hard');
  }, 60_000);

  test('a refusal is its sentence and exit code 1; nothing is written', async () => {
    const before = main();
    const run = await type('bump-overlay', '--images', `discord-bot=sha256:${'e'.repeat(64)}`, ...PAGE);
    expect([run.exitCode, main()]).toEqual([1, before]);
    expect(run.told).toMatch(/^error: images: \S+\/discord-bot has no sha256:e{64}; build and push discord-bot first/m);
  }, 30_000);
});

describe('all that is missing is said at once', () => {
  test('a required input, the page and the name; given, it runs', async () => {
    const bare = cloneForPerson(tenant, 'bare');
    git(bare, 'config', '--unset', 'user.name');
    git(bare, 'remote', 'set-url', 'origin', tenant.remote);
    const typed = (...words: string[]) => typeSlipway(tenant, bare, ['run-action', 'hold-overlay', ...words]);
    const run = await typed();
    expect(run.exitCode).toBe(2);
    expect(run.stderr.split('\n').slice(0, 5)).toEqual([
      'missing:',
      expect.stringMatching(/^ {2}--environment VALUE: \w/),
      expect.stringMatching(/^ {2}--reason VALUE: \w/),
      '  --page URL: the repository’s page, such as https://github.com/OWNER/NAME',
      '  --actor NAME: who asks; git config user.name is not set',
    ]);
    const given = ['--environment=production', '--action=release', '--reason=nothing is held', ...PAGE];
    const next = await typed(...given, '--actor', 'octocat');
    expect(next.stderr).toBe('');
    expect(next.told).toContain('production');
  }, 30_000);

  test('a detached HEAD has no branch: it is asked for', async () => {
    const detached = cloneForPerson(tenant, 'detached');
    git(detached, 'checkout', '-q', '--detach');
    const run = await typeSlipway(tenant, detached, ['run-action', 'bump-overlay', ...PAGE]);
    expect(run.stderr.match(/^ {2}--\w+/gm)).toEqual(['  --images', '  --branch']);
  });

  test('an action that is not there, and an option that is not an input, are named with what is near', async () => {
    expect((await type('bump-overlays')).stderr).toMatch(
      /^"bump-overlays" is not an action; did you mean "bump-overlay"\?/,
    );
    expect((await type('bump-overlay', '--image', 'x')).stderr).toContain('"--image" is not an option; did you mean');
    expect((await type('bump-overlay', '--token', 'x')).stderr).toContain('"--token" is not an option');
    expect((await type('bump-overlay', '--page', 'tenant')).stderr).toContain('is not a repository’s page');
  });
});

describe('help', () => {
  test.each(listActions())('%s shows each of its inputs, with the default of action.yml', async (name) => {
    const { inputs = {} } = parse(readFileSync(join(repositoryRoot, 'actions', name, 'action.yml'), 'utf8'));
    const { exitCode, stdout } = await type(name, '--help');
    expect(exitCode).toBe(0);
    for (const input of Object.keys(inputs).filter((one) => one !== 'token')) {
      const { required, default: value } = inputs[input];
      const until = required ? '(required)' : `(${value || 'empty'} unless given)`;
      expect(stdout.split('\n').find((line) => line.startsWith(`  --${input} VALUE`))).toContain(until);
    }
    expect((await type('--help')).stdout).toContain(`run-action ${name} --help`);
  });
});

test.each([
  ['git@github.com:acme/tenant.git', 'https://github.com', 'acme/tenant'],
  ['ssh://git@github.example:2222/acme/tenant', 'https://github.example', 'acme/tenant'],
  ['https://user:secret@github.example/acme/tenant.git', 'https://github.example', 'acme/tenant'],
  ['http://127.0.0.1:8080/acme/tenant.git/', 'http://127.0.0.1:8080', 'acme/tenant'],
])('the page of %s', (origin, server, repository) => {
  expect(parseOrigin(origin)).toEqual({ server, repository });
});

test.each(['/srv/git/tenant.git', 'file:///srv/tenant.git', '../tenant', ''])('%j has no page', (origin) => {
  expect(parseOrigin(origin)).toBeUndefined();
});

test.each([
  ['plain words', 'plain words'],
  ['::warning::100%25 of it%0Anext line', 'warning: 100% of it\nnext line'],
  ['::error file=a.ts,line=1::no', 'error: no'],
  ['::add-mask::secret', undefined],
  ['::debug::detail', undefined],
])('the line %j reads %j', (line, text) => {
  expect(readWorkflowCommand(line)).toBe(text);
});
