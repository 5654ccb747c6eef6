import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { formatRelease, type Release } from '#core/release/trailer.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump } from './bumps.ts';

let tenant: Tenant;
let digests: string[];

beforeEach(async () => {
  tenant = await startTenant({ environments: ['production', 'staging'] });
  digests = ['a', 'b', 'c', 'd', 'e'].map((content) => tenant.push('discord-bot', content));
});

afterEach(() => tenant.close());

const digest = (index: number): string => digests[index] ?? '';
const head = (): string => tenant.remoteGit('rev-parse', 'main');
const appChange = (text: string): string => tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
const deploy = (index: number, source = head()) =>
  bump(tenant, { images: `discord-bot=${digest(index)}`, 'source-sha': source });

/** A trailer as an outsider writes it. */
function forge(change: Partial<Omit<Release, 'source'>> & { source?: string }): string {
  return formatRelease({
    environment: 'production',
    image: 'discord-bot',
    to: digest(4) as Digest,
    from: undefined,
    kind: 'deploy',
    intent: '01FORGED',
    run: 'https://github.example/acme/tenant/actions/runs/1',
    actor: 'mallory',
    ...change,
    source: (change.source ?? 'd'.repeat(40)) as CommitSha,
  });
}

/** Commits `files` on a side branch from `from`, without moving main; returns the commit. */
function side(from: string, files: Readonly<Record<string, string>>, message: string): string {
  tenant.git('fetch', '-q', 'origin');
  tenant.git('checkout', '-q', '-B', 'side', from);
  for (const [path, content] of Object.entries(files)) writeFileSync(join(tenant.clone, path), content);
  tenant.git('add', '-A');
  tenant.git('commit', '-q', '--allow-empty', '-m', message);
  const commit = tenant.git('rev-parse', 'HEAD');
  tenant.git('push', '-q', '-f', 'origin', 'side');
  tenant.git('checkout', '-q', 'main');
  return commit;
}

/** Merges commits into main by a merge commit, as a person does; pushes main. */
function merge(commits: readonly string[], message = 'merge', ...flags: string[]): string {
  tenant.git('pull', '-q', '--rebase', 'origin', 'main');
  tenant.git('merge', '-q', '--no-ff', '-m', message, ...flags, ...commits);
  tenant.git('push', '-q', 'origin', 'main');
  return head();
}

/** The overlay's text with another digest for the bot, as an editor writes it. */
const edited = (index: number, environment = 'production'): string =>
  `${tenant.readOverlay(environment).replace(/(- name: discord-bot\n.*\n\s+digest: )sha256:\w+/, `$1${digest(index)}`)}\n`;

const PRODUCTION = 'overlays/production/kustomization.yaml';

/** After each attack the next honest push deploys, and an older one that comes late does not. */
async function expectHonest(): Promise<void> {
  const older = appChange(`honest and slow, ${Math.random()}`);
  const newer = appChange(`honest, ${Math.random()}`);
  const [fast, slow] = [tenant.push('discord-bot', `fast ${newer}`), tenant.push('discord-bot', `slow ${older}`)];
  const landed = await bump(tenant, { images: `discord-bot=${fast}`, 'source-sha': newer });
  expect(landed.outcome).toBe('landed');
  const late = await bump(tenant, { images: `discord-bot=${slow}`, 'source-sha': older });
  expect(late.outcome).toBe('superseded');
  expect(tenant.readOverlay()).toContain(fast);
}

describe('a trailer is believed only where the tree agrees', () => {
  const attacks: Record<string, () => void> = {
    'a message alone, from a source that is nowhere': () => void tenant.commit({ 'x.md': 'x' }, `docs\n\n${forge({})}`),
    'a message alone that names the deployed digest and the newest source': () =>
      void tenant.commit({}, `docs\n\n${forge({ to: digest(0) as Digest, source: head() })}`),
    'ten lines in one squashed message': () =>
      void tenant.commit(
        {},
        `feat\n\n${[...'0123456789'].map((char) => forge({ source: char.repeat(40) })).join('\n')}`,
      ),
    'a commit that changes the other environment': () =>
      void tenant.commit({ 'overlays/staging/kustomization.yaml': edited(4, 'staging') }, `feat\n\n${forge({})}`),
    'a merge commit whose own message claims it': () =>
      void merge([side(head(), { 'x.md': 'x' }, 'x')], `merge\n\n${forge({})}`),
    'a merged commit whose message claims it': () => void merge([side(head(), { 'x.md': 'x' }, `x\n\n${forge({})}`)]),
    'a side that released and took it back before the merge': () => {
      const [before, start] = [`${tenant.readOverlay()}\n`, head()];
      const released = side(start, { [PRODUCTION]: edited(4) }, `x\n\n${forge({ from: digest(0) as Digest })}`);
      merge([side(released, { [PRODUCTION]: before }, 'taken back')]);
    },
    'an octopus merge that brings two claims': () => {
      const start = head();
      const one = side(start, { 'x.md': 'x' }, `x\n\n${forge({})}`);
      merge([one, side(start, { 'y.md': 'y' }, `y\n\n${forge({ to: digest(3) as Digest })}`)]);
    },
    'a cherry-pick of a real release without its change': () => {
      const message = tenant.remoteGit('log', '-1', '--format=%B', 'main');
      tenant.commit({ 'x.md': 'x' }, message.replace(/source=\w+/, `source=${head()}`));
    },
    'a ref that claims the newest source': () =>
      void tenant.remoteGit('update-ref', 'refs/slipway/seen/production/discord-bot', head()),
  };
  test.each(Object.entries(attacks))('%s', async (_name, attack) => {
    appChange('first');
    expect((await deploy(0)).outcome).toBe('landed');
    const waiting = appChange('built slowly');
    attack();
    expect((await deploy(1, waiting)).outcome).toBe('landed');
    await expectHonest();
  });

  test('what is ignored is said', async () => {
    const forged = tenant.commit({}, `docs\n\n${forge({})}`);
    const { runner } = await deploy(0);
    expect(runner.lines.join('\n')).toContain(
      `Ignored 1 commit with a Slipway-Release trailer that the tree does not agree with: ${forged.slice(0, 7)}`,
    );
  });

  test('releases that a merge brought to the branch are believed: a pull without rebase loses no order', async () => {
    const [older, start] = [appChange('older'), head()];
    const newer = appChange('newer');
    expect((await deploy(0, older)).outcome).toBe('landed');
    expect((await deploy(1, newer)).outcome).toBe('landed');
    const released = head();
    tenant.git('fetch', '-q', 'origin');
    tenant.git('checkout', '-q', '-B', 'main', start);
    tenant.git('commit', '-q', '--allow-empty', '-m', 'local work');
    tenant.git('merge', '-q', '-m', 'Merge branch main', released);
    tenant.git('push', '-q', 'origin', 'main');
    const late = await deploy(2, older);
    expect(late.outcome).toBe('superseded');
    expect(late.images[0]?.winner?.source).toBe(newer);
    await expectHonest();
  });

  test('a release that lies deep in a merged side is found', async () => {
    const older = appChange('older');
    const start = head();
    const newer = appChange('newer');
    expect((await deploy(0, newer)).outcome).toBe('landed');
    const released = head();
    tenant.git('fetch', '-q', 'origin');
    tenant.git('checkout', '-q', '-B', 'main', start);
    tenant.git('commit', '-q', '--allow-empty', '-m', 'local work');
    tenant.git('checkout', '-q', '--detach', released);
    for (let count = 0; count < 200; count++) tenant.git('commit', '-q', '--allow-empty', '-m', `more ${count}`);
    const deep = tenant.git('rev-parse', 'HEAD');
    tenant.git('checkout', '-q', 'main');
    tenant.git('merge', '-q', '-m', 'Merge branch main', deep);
    tenant.git('push', '-q', 'origin', 'main');
    expect((await deploy(1, older)).outcome).toBe('superseded');
  });
});

describe('the source must be on the branch', () => {
  test('a feature commit that was never merged is refused', async () => {
    const feature = side(head(), { 'app/main.js': '// feature\n' }, 'feature');
    await expect(deploy(0, feature)).rejects.toThrow(`${feature} is not on the branch`);
    expect(tenant.releases()).toEqual([]);
    await expectHonest();
  });

  test('a squash merge: the feature’s own commit is refused, the squashed one deploys', async () => {
    const feature = side(head(), { 'app/main.js': '// feature\n' }, 'feature');
    const squashed = tenant.commit({ 'app/main.js': '// feature\n' }, 'feature (#1)');
    await expect(deploy(0, feature)).rejects.toThrow('is not on the branch');
    expect((await deploy(0, squashed)).outcome).toBe('landed');
    await expectHonest();
  });

  test('a commit that was pushed away while its run was under way is refused', async () => {
    const start = head();
    const gone = appChange('gone');
    tenant.remoteGit('update-ref', 'refs/heads/main', start);
    tenant.git('fetch', '-q', 'origin');
    tenant.git('reset', '-q', '--hard', 'origin/main');
    await expect(deploy(0, gone)).rejects.toThrow('is not on the branch');
    await expectHonest();
  });

  test('a deployed source that history lost counts as older, with a note', async () => {
    const start = head();
    appChange('will be rewritten');
    expect((await deploy(0)).outcome).toBe('landed');
    const overlay = `${tenant.readOverlay()}\n`;
    const message = tenant.remoteGit('log', '-1', '--format=%B', 'main');
    tenant.git('fetch', '-q', 'origin');
    tenant.git('reset', '-q', '--hard', start);
    writeFileSync(join(tenant.clone, 'app/main.js'), '// rewritten\n');
    tenant.git('commit', '-qam', 'rewritten');
    writeFileSync(join(tenant.clone, PRODUCTION), overlay);
    tenant.git('commit', '-qam', message);
    tenant.git('push', '-q', '-f', 'origin', 'main');
    const landed = await deploy(1);
    expect(landed.outcome).toBe('landed');
    expect(landed.runner.warnings.join()).toContain('no longer on the branch: it counts as older');
    await expectHonest();
  });

  test('a branch that was deleted and made again with another history', async () => {
    appChange('old world');
    expect((await deploy(0)).outcome).toBe('landed');
    tenant.git('fetch', '-q', 'origin');
    const tree = tenant.remoteGit('rev-parse', 'main^{tree}');
    const fresh = tenant.git('commit-tree', '-m', 'fresh', tree);
    tenant.git('push', '-q', '-f', 'origin', `${fresh}:refs/heads/main`);
    tenant.git('fetch', '-q', 'origin');
    tenant.git('reset', '-q', '--hard', 'origin/main');
    expect((await deploy(1, fresh)).outcome).toBe('landed');
    await expectHonest();
  });

  test('two sides of one octopus merge are refused beside each other, and the merge deploys', async () => {
    const start = head();
    const one = side(start, { 'app/main.js': '// one\n' }, 'one');
    const other = side(start, { 'x.md': 'other\n' }, 'other');
    const merged = merge([one, other]);
    expect((await deploy(0, one)).outcome).toBe('landed');
    await expect(deploy(1, other)).rejects.toThrow(`one merge brought both; deploy that merge, ${merged}`);
    expect((await deploy(1, merged)).outcome).toBe('landed');
    await expectHonest();
  });

  test('a revert of the app’s commit deploys the older digest again', async () => {
    const one = appChange('one');
    expect((await deploy(0, one)).outcome).toBe('landed');
    const two = appChange('two');
    expect((await deploy(1, two)).outcome).toBe('landed');
    const reverted = tenant.commit({ 'app/main.js': '// one\n' }, 'Revert "two"');
    expect((await deploy(0, reverted)).outcome).toBe('landed');
    expect((await deploy(1, two)).outcome).toBe('superseded');
    await expectHonest();
  });

  test('a commit that was picked onto the branch again has its own place', async () => {
    const feature = side(head(), { 'app/main.js': '// picked\n' }, 'feature');
    tenant.commit({ 'x.md': 'between' });
    tenant.git('cherry-pick', feature);
    tenant.git('push', '-q', 'origin', 'main');
    expect((await deploy(0)).outcome).toBe('landed');
    await expectHonest();
  });
});

describe('no ref steers a deploy', () => {
  test('A, B, A of three commits that finish as first, third, second: A stays', async () => {
    const [one, two, three] = ['A', 'B', 'A'].map((text) => appChange(text));
    expect((await deploy(0, one)).outcome).toBe('landed');
    expect((await deploy(0, three)).outcome).toBe('unchanged');
    const second = await deploy(1, two);
    expect(second.outcome).toBe('superseded');
    expect(second.images[0]?.winner?.source).toBe(three);
    expect(tenant.readOverlay()).toContain(digest(0));
  });

  test('a server that takes no refs but branches', async () => {
    const hook = join(tenant.remote, 'hooks', 'update');
    writeFileSync(hook, '#!/bin/sh\ncase "$1" in refs/heads/*) exit 0;; *) echo "refused: $1" >&2; exit 1;; esac\n');
    chmodSync(hook, 0o755);
    expect((await deploy(0)).outcome).toBe('landed');
    await expectHonest();
  });

  test('a bump leaves no ref behind', async () => {
    await deploy(0);
    expect(tenant.remoteGit('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });
});

describe('order holds from every state of the overlay', () => {
  const states: Record<string, (text: string) => string> = {
    'a tag': (text) => text.replace(/(- name: discord-bot\n.*\n\s+)digest: sha256:\w+/, '$1newTag: v1'),
    zeros: (text) => text.replace(/(- name: discord-bot\n.*\n\s+digest: sha256:)\w+/, `$1${'0'.repeat(64)}`),
  };
  test.each(Object.entries(states))('%s, written by hand over a release', async (_name, change) => {
    const older = appChange('older');
    const newer = appChange('newer');
    expect((await deploy(1, newer)).outcome).toBe('landed');
    tenant.commit({ [PRODUCTION]: `${change(tenant.readOverlay())}\n` }, 'by hand');
    expect((await deploy(0, older)).outcome).toBe('superseded');
  });

  test('no entry: refused with the lines that are missing, and they help', async () => {
    expect((await deploy(0)).outcome).toBe('landed');
    const text = tenant.readOverlay().replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '');
    tenant.commit({ [PRODUCTION]: `${text}\n` }, 'by hand');
    appChange('next');
    const message = await deploy(1).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(message).toContain('has no images entry for discord-bot');
    const lines = message.slice(message.indexOf('\n  - name:') + 1);
    tenant.commit({ [PRODUCTION]: `${text}\n${lines}\n` }, 'as told');
    expect((await deploy(1)).outcome).toBe('unchanged');
  });

  test('an image’s outcome does not depend on its neighbours in the call', async () => {
    const older = appChange('older');
    const newer = appChange('newer');
    expect((await deploy(1, newer)).outcome).toBe('landed');
    const sandbox = tenant.push('dev-sandbox', 'never released');
    const images = `discord-bot=${digest(0)}\ndev-sandbox=${sandbox}`;
    const { images: outcomes } = await bump(tenant, { images, 'source-sha': older });
    expect(outcomes.map(({ image, outcome }) => [image, outcome])).toEqual([
      ['discord-bot', 'superseded'],
      ['dev-sandbox', 'landed'],
    ]);
  });
});

describe('two builds of the same inputs', () => {
  test('the older build’s re-run does not flip a forced one back, nor does the next commit that changes nothing', async () => {
    const source = appChange('built twice');
    expect((await deploy(0, source)).outcome).toBe('landed');
    expect((await deploy(1, source)).outcome).toBe('landed');
    expect((await deploy(0, source)).outcome).toBe('superseded');
    const note = tenant.commit({ 'NOTES.md': 'a note\n' });
    expect((await deploy(0, note)).outcome).toBe('superseded');
    expect((await deploy(2, note)).outcome).toBe('landed');
    expect((await deploy(0, note)).outcome).toBe('superseded');
    expect((await deploy(1, note)).outcome).toBe('superseded');
    expect(tenant.readOverlay()).toContain(digest(2));
    await expectHonest();
  });
});

describe('environments', () => {
  test('without a name, all that deploy on push land in one commit', async () => {
    const before = Number(tenant.remoteGit('rev-list', '--count', 'main'));
    const result = await bump(tenant, { images: `discord-bot=${digest(0)}`, environment: '' });
    expect(result.images.map(({ environment, outcome }) => [environment, outcome])).toEqual([
      ['production', 'landed'],
      ['staging', 'landed'],
    ]);
    expect(Number(tenant.remoteGit('rev-list', '--count', 'main'))).toBe(before + 1);
    for (const environment of ['production', 'staging']) expect(tenant.readOverlay(environment)).toContain(digest(0));
    const again = await bump(tenant, { images: `discord-bot=${digest(0)}`, environment: '' });
    expect(again.outcome).toBe('unchanged');
  });

  const setDeploys = (how: string): void => {
    const text = tenant.remoteGit('show', 'main:slipway.yaml');
    tenant.commit({
      'slipway.yaml': `${text.replace('overlays/production, deploys: on-push', `overlays/production, deploys: ${how}`)}\n`,
    });
  };

  test('one that deploys by hand is left out, refused to a push, and taken by a person', async () => {
    setDeploys('by-hand');
    const all = await bump(tenant, { images: `discord-bot=${digest(0)}`, environment: '' });
    expect(all.images.map(({ environment }) => environment)).toEqual(['staging']);
    await expect(deploy(1)).rejects.toThrow('production takes releases by hand only');
    const byHand = await bump(
      tenant,
      { images: `discord-bot=${digest(1)}` },
      { GITHUB_EVENT_NAME: 'workflow_dispatch' },
    );
    expect(byHand.outcome).toBe('landed');
  });

  test('an image that an overlay does not use is left out there; one that none uses is refused', async () => {
    const text = tenant
      .readOverlay('staging')
      .replace('resources:\n  - ../../base', 'resources:\n  - ../../base/dev-sandbox.yaml');
    const without = `${text.replace(/ {2}# discord-bot\n {2}- name: discord-bot\n.*\n.*\n/, '')}\n`;
    tenant.commit({
      'overlays/staging/kustomization.yaml': without.replace('../../base/dev-sandbox.yaml', 'sandbox.yaml'),
      'overlays/staging/sandbox.yaml': tenant.remoteGit('show', 'main:base/dev-sandbox.yaml'),
    });
    const result = await bump(tenant, { images: `discord-bot=${digest(0)}`, environment: '' });
    expect(result.images.map(({ environment }) => environment)).toEqual(['production']);
    setDeploys('by-hand');
    await expect(bump(tenant, { images: `discord-bot=${digest(1)}`, environment: '' })).rejects.toThrow(
      '"discord-bot" is used by no overlay of staging',
    );
  });
});
