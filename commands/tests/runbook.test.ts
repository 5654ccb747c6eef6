import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { createExec } from '#core/system/exec.ts';
import type { Digest } from '#core/values/reference.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { configure } from '#tests/support/stage.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, shellEnvironment } from '#tests/support/terminal.ts';
import { sayVerdicts, withVerdicts } from '#tests/support/verdicts.ts';
import { build, bump, hold, promote, rollBack } from '#tests/support/writers.ts';

/** docs/runbooks/rollback.md, every command of it, on a repository whose newest release is bad. */
const page = readFileSync(join(repositoryRoot, 'docs/runbooks/rollback.md'), 'utf8');
const blocks = [...page.matchAll(/^( *)```sh\n([\s\S]*?)^\1```$/gm)].map(([, indent = '', code = '']) =>
  code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);
const [look = '', byWorkflow = '', byTerminal = '', toProven = '', byHand = '', ...others] = blocks;
const [arrival = '', goByWorkflow = '', goByTerminal = '', promotion = ''] = others;

let tenant: Tenant;
let clone: string;
let [good, bad, fixed] = ['', '', ''];
let night = '';

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['production', 'staging'] });
  clone = cloneForPerson(tenant);
  good = await deploy('Good answers');
  bad = await deploy('Answers 500');
  night = tenant.remoteGit('rev-parse', 'main');
}, 60_000);

afterAll(() => tenant.close());

async function deploy(text: string, environment = 'production'): Promise<Digest> {
  tenant.git('fetch', '-q', 'origin');
  tenant.git('reset', '-q', '--hard', 'origin/main');
  tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
  const digest = await build(tenant);
  await bump(tenant, { images: `discord-bot=${digest}`, environment });
  return digest;
}

/** The Application that each environment's file describes, as kubectl finds it where Argo CD runs. */
const applications = ['production', 'staging'].map((environment) => {
  const { metadata } = parse(readFileSync(join(repositoryRoot, 'argocd', `${environment}.yaml`), 'utf8'));
  return `${metadata.namespace}/${metadata.name}`;
});

/** Types a block in the clone. What is started at GitHub is run by the action's own functions. */
async function typeBlock(block: string): Promise<string> {
  const setUp = [
    'set -euo pipefail',
    `npm() { test "$1 $2 $3 $4" = "run -s slipway --"; shift 4; node ${JSON.stringify(join(repositoryRoot, 'commands/slipway.ts'))} "$@"; }`,
    'gh() { printf "gh"; printf "\\t%s" "$@"; printf "\\n"; }',
    `kubectl() { case " ${applications.join(' ')} " in *" $4/$5 "*) ;; *) return 1;; esac; case "$1 $2 $3" in "get application -n") echo "$5 Synced Healthy";; "annotate application -n") echo "$5 annotated $6 $7";; *) return 1;; esac; }`,
  ];
  const shell = shellEnvironment(tenant);
  const exec = createExec({ ...shell, PATH: `${join(process.execPath, '..')}:${shell['PATH']}` });
  const { stdout } = await exec(['bash', '-c', [...setUp, block].join('\n')], { cwd: clone });
  const output = stdout.toString('utf8');
  for (const [, words = ''] of output.matchAll(/^gh\t(.*)$/gm)) await dispatch(words.split('\t'));
  return output;
}

async function dispatch([workflow, run, file = '', ...words]: readonly string[]): Promise<void> {
  expect([workflow, run]).toEqual(['workflow', 'run']);
  const inputs = Object.fromEntries(words.filter((word) => word.includes('=')).map((word) => word.split('=', 2)));
  const actions: Record<string, () => Promise<unknown>> = {
    'rollback.yml': () => rollBack(tenant, inputs, { change: withVerdicts(sayVerdicts({ [good]: 'running' })) }),
    'hold.yml': () => hold(tenant, inputs),
    'promote.yml': () => promote(tenant, inputs),
  };
  expect(Object.keys(actions)).toContain(file);
  await actions[file]?.();
}

test('the page is short: every command of it is one of these blocks', () => {
  expect(page.match(/^ *```\w+$/gm)).toHaveLength(blocks.length);
  expect(blocks).toHaveLength(9);
  expect(blocks.flatMap((block) => block.trim().split('\n')).length).toBeLessThanOrEqual(10);
});

test('status and history name what runs and what it was before', async () => {
  const output = await typeBlock(look);
  expect(output).toMatch(/discord-bot +\w{7} .* deploy +\w{7} Answers 500/);
  expect(output).toContain('Good answers');
});

test('the Application that arrives is one of Argo CD', async () => {
  expect(await typeBlock(arrival)).toBe(
    'production annotated argocd.argoproj.io/refresh=normal --overwrite\nproduction Synced Healthy\n',
  );
});

test('where releases come by promotion, what is let go waits for the promotion that follows', async () => {
  configure({ tenant }, 'production', 'deploys: on-promotion, from: staging');
  await typeBlock(byWorkflow);
  const next = await deploy('Fixed', 'staging');
  await typeBlock(goByWorkflow);
  expect(tenant.readOverlay()).toContain(good);
  await typeBlock(promotion);
  expect(tenant.readOverlay()).toContain(next);
}, 60_000);

describe.each([
  ['by the workflow', byWorkflow],
  ['at the terminal', byTerminal],
  ['to what was seen running', toProven],
  ['by hand', byHand],
])('taken back %s', (_way, block) => {
  beforeAll(() => {
    tenant.remoteGit('update-ref', 'refs/heads/main', night);
  });

  test('the bad release goes, and stays away whatever is pushed', async () => {
    await typeBlock(block);
    expect(tenant.readOverlay()).toContain(good);
    const again = await bump(tenant, { images: `discord-bot=${bad}` });
    fixed = await deploy('Fixed');
    expect([again.outcome, tenant.readOverlay().includes(good)]).toEqual(['held', true]);
  }, 60_000);

  test.each([
    ['the workflow', () => goByWorkflow],
    ['the terminal', () => goByTerminal],
  ])(
    '%s lets go, and deploys the fix',
    async (_name, release) => {
      const held = tenant.remoteGit('rev-parse', 'main');
      await typeBlock(release());
      expect(tenant.readOverlay()).toContain(fixed);
      tenant.remoteGit('update-ref', 'refs/heads/main', held);
    },
    60_000,
  );
});
