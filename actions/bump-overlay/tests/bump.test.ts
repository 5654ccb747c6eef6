import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';

let tenant: Tenant;

beforeEach(async () => {
  tenant = await startTenant();
});

afterEach(() => tenant.close());

test('a first bump lands in one commit that changes one line of the overlay', async () => {
  const digest = tenant.push('discord-bot', 'one');
  const before = tenant.readOverlay();
  const result = await tenant.bump({ images: `discord-bot=${digest}` });
  expect(result.log).not.toContain('::error');
  expect(result.outputs['outcome']).toBe('landed');
  expect(tenant.readOverlay()).toBe(before.replace(/(- name: discord-bot\n.*\n\s+digest: )sha256:0+/, `$1${digest}`));
  expect(tenant.releases()).toHaveLength(1);
  expect(result.outputs['commit']).toBe(tenant.remoteGit('rev-parse', 'main'));
});

test('the same bump twice: the second is unchanged and writes nothing', async () => {
  const digest = tenant.push('discord-bot', 'one');
  const source = tenant.remoteGit('rev-parse', 'main');
  await tenant.bump({ images: `discord-bot=${digest}`, 'source-sha': source });
  const head = tenant.remoteGit('rev-parse', 'main');
  const second = await tenant.bump({ images: `discord-bot=${digest}`, 'source-sha': source });
  expect(second.outputs['outcome']).toBe('unchanged');
  expect(tenant.remoteGit('rev-parse', 'main')).toBe(head);
});

test('an older source is superseded and names the winner', async () => {
  const older = tenant.commit({ 'app/main.js': '// 1\n' });
  const newer = tenant.commit({ 'app/main.js': '// 2\n' });
  const [one, two] = [tenant.push('discord-bot', 'one'), tenant.push('discord-bot', 'two')];
  await tenant.bump({ images: `discord-bot=${two}`, 'source-sha': newer });
  const late = await tenant.bump({ images: `discord-bot=${one}`, 'source-sha': older });
  expect(late.outputs['outcome']).toBe('superseded');
  expect(late.outputs['releases']).toContain(newer);
  expect(tenant.readOverlay()).toContain(two);
});

test('a digest that the registry does not have is refused and nothing is written', async () => {
  const head = tenant.remoteGit('rev-parse', 'main');
  const result = await tenant.bump({ images: `discord-bot=sha256:${'1'.repeat(64)}` });
  expect(result.code).toBe(1);
  expect(result.log).toContain('build and push discord-bot first');
  expect(tenant.remoteGit('rev-parse', 'main')).toBe(head);
});

test.each([
  ['just before ours', (url: string) => url.endsWith('/git-receive-pack')],
  ['between our reading and our push', (url: string) => url.includes('service=git-receive-pack')],
])('a push %s is kept: ours lands on top of it', async (_when, isMoment) => {
  const digest = tenant.push('discord-bot', 'one');
  const source = tenant.remoteGit('rev-parse', 'main');
  let rivals = 0;
  tenant.server.intercept = async (request) => {
    if (isMoment(request.url ?? '') && rivals++ === 0) tenant.commit({ 'notes.md': 'a rival\n' }, 'rival');
    return undefined;
  };
  const result = await tenant.bump({ images: `discord-bot=${digest}`, 'source-sha': source });
  expect(result.outputs['outcome']).toBe('landed');
  expect(tenant.remoteGit('show', 'main:notes.md')).toBe('a rival');
  expect(tenant.readOverlay()).toContain(digest);
});

describe.each([
  ['to publishing', 0],
  ['to the move of the branch', 1],
])('an answer lost %s', (_what, lost) => {
  test.each([
    ['the bump finds its own commit', false],
    ['the bump finds its own commit below that of a person who was quick', true],
  ])('%s, and does not write a second', async (_name, isFollowed) => {
    const digest = tenant.push('discord-bot', 'one');
    let answers = 0;
    let asks = 0;
    tenant.server.intercept = async ({ url = '', method }) => {
      const isLanded = tenant.releases().length > 0;
      if (isFollowed && isLanded && /upload-pack$/.test(url) && asks++ === 0)
        tenant.commit({ 'notes.md': 'a person\n' }, 'a person');
      const isPush = url.endsWith('/git-receive-pack') && method === 'POST';
      return isPush && answers++ === lost ? 'drop-answer' : undefined;
    };
    const result = await tenant.bump({ images: `discord-bot=${digest}` });
    expect(result.outputs['outcome']).toBe('landed');
    const below = isFollowed && lost === 1 ? 'main^' : 'main';
    expect(result.outputs['commit']).toBe(tenant.remoteGit('rev-parse', below));
    expect(tenant.releases()).toHaveLength(1);
    expect(tenant.remoteGit('for-each-ref', '--format=%(refname)')).toBe('refs/heads/main');
  });
});

test('A, B, A built from three commits and finishing as first, third, second: the overlay stays on A', async () => {
  const [a, b] = [tenant.push('discord-bot', 'a'), tenant.push('discord-bot', 'b')];
  const [one, two, three] = ['a', 'b', 'a'].map((text) => tenant.commit({ 'app/main.js': `// ${text}\n` }));
  await tenant.bump({ images: `discord-bot=${a}`, 'source-sha': one ?? '' });
  const commits = tenant.remoteGit('rev-list', '--count', 'main');
  const third = await tenant.bump({ images: `discord-bot=${a}`, 'source-sha': three ?? '' });
  expect(third.outputs['outcome']).toBe('unchanged');
  const second = await tenant.bump({ images: `discord-bot=${b}`, 'source-sha': two ?? '' });
  expect(second.outputs['outcome']).toBe('superseded');
  expect(second.outputs['releases']).toContain(three);
  expect(tenant.readOverlay()).toContain(a);
  expect(tenant.remoteGit('rev-list', '--count', 'main')).toBe(commits);
});
