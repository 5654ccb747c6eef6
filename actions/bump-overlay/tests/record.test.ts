import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBranch, PRODUCTION, type TestBranch } from './branch.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

describe('a trailer is believed only where the tree agrees', () => {
  const attacks: Record<string, () => void> = {
    'a message alone, from a source that is nowhere': () =>
      void branch.tenant.commit({ 'x.md': 'x' }, `docs\n\n${branch.forge({})}`),
    'a message alone that names the deployed digest and the newest source': () =>
      void branch.tenant.commit({}, `docs\n\n${branch.forge({ to: branch.digest(0), source: branch.head() })}`),
    'ten lines in one squashed message': () =>
      void branch.tenant.commit(
        {},
        `feat\n\n${[...'0123456789'].map((char) => branch.forge({ source: char.repeat(40) })).join('\n')}`,
      ),
    'a commit that changes the other environment': () =>
      void branch.tenant.commit(
        { 'overlays/staging/kustomization.yaml': branch.edited(4, 'staging') },
        `feat\n\n${branch.forge({})}`,
      ),
    'a merge commit whose own message claims it': () =>
      void branch.merge([branch.side(branch.head(), { 'x.md': 'x' }, 'x')], `merge\n\n${branch.forge({})}`),
    'a merged commit whose message claims it': () =>
      void branch.merge([branch.side(branch.head(), { 'x.md': 'x' }, `x\n\n${branch.forge({})}`)]),
    'a change by hand whose message tells another beginning and the newest source': () =>
      void branch.tenant.commit(
        { [PRODUCTION]: branch.edited(4) },
        `edit\n\n${branch.forge({ source: branch.head() })}`,
      ),
    'a side that released and took it back before the merge': () => {
      const [before, start] = [`${branch.tenant.readOverlay()}\n`, branch.head()];
      const released = branch.side(
        start,
        { [PRODUCTION]: branch.edited(4) },
        `x\n\n${branch.forge({ from: branch.digest(0) })}`,
      );
      branch.merge([branch.side(released, { [PRODUCTION]: before }, 'taken back')]);
    },
    'an octopus merge that brings two claims': () => {
      const start = branch.head();
      const one = branch.side(start, { 'x.md': 'x' }, `x\n\n${branch.forge({})}`);
      branch.merge([one, branch.side(start, { 'y.md': 'y' }, `y\n\n${branch.forge({ to: branch.digest(3) })}`)]);
    },
    'a cherry-pick of a real release without its change': () => {
      const message = branch.tenant.remoteGit('log', '-1', '--format=%B', 'main');
      branch.tenant.commit({ 'x.md': 'x' }, message.replace(/source=\w+/, `source=${branch.head()}`));
    },
    'a ref that claims the newest source': () =>
      void branch.tenant.remoteGit('update-ref', 'refs/slipway/seen/production/discord-bot', branch.head()),
  };
  test.each(Object.entries(attacks))('%s', async (_name, attack) => {
    branch.appChange('first');
    expect((await branch.deploy(0)).outcome).toBe('landed');
    const waiting = branch.appChange('built slowly');
    attack();
    expect((await branch.deploy(1, waiting)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('what is ignored is said', async () => {
    const forged = branch.tenant.commit({}, `docs\n\n${branch.forge({})}`);
    const { runner } = await branch.deploy(0);
    expect(runner.lines.join('\n')).toContain(
      `Ignored 1 commit with a Slipway-Release trailer that the tree does not agree with: ${forged.slice(0, 7)}`,
    );
  });

  test('releases that a merge brought to the branch are believed: a pull without rebase loses no order', async () => {
    const [older, start] = [branch.appChange('older'), branch.head()];
    const newer = branch.appChange('newer');
    expect((await branch.deploy(0, older)).outcome).toBe('landed');
    expect((await branch.deploy(1, newer)).outcome).toBe('landed');
    const released = branch.head();
    branch.tenant.git('fetch', '-q', 'origin');
    branch.tenant.git('checkout', '-q', '-B', 'main', start);
    branch.tenant.git('commit', '-q', '--allow-empty', '-m', 'local work');
    branch.tenant.git('merge', '-q', '-m', 'Merge branch main', released);
    branch.tenant.git('push', '-q', 'origin', 'main');
    const late = await branch.deploy(2, older);
    expect(late.outcome).toBe('superseded');
    expect(late.images[0]?.winner?.source).toBe(newer);
    await branch.expectHonest();
  });

  test('a release that lies deep in a merged side is found', async () => {
    const older = branch.appChange('older');
    const start = branch.head();
    const newer = branch.appChange('newer');
    expect((await branch.deploy(0, newer)).outcome).toBe('landed');
    const released = branch.head();
    branch.tenant.git('fetch', '-q', 'origin');
    branch.tenant.git('checkout', '-q', '-B', 'main', start);
    branch.tenant.git('commit', '-q', '--allow-empty', '-m', 'local work');
    branch.tenant.git('checkout', '-q', '--detach', released);
    for (let count = 0; count < 200; count++) branch.tenant.git('commit', '-q', '--allow-empty', '-m', `more ${count}`);
    const deep = branch.tenant.git('rev-parse', 'HEAD');
    branch.tenant.git('checkout', '-q', 'main');
    branch.tenant.git('merge', '-q', '-m', 'Merge branch main', deep);
    branch.tenant.git('push', '-q', 'origin', 'main');
    expect((await branch.deploy(1, older)).outcome).toBe('superseded');
  });
});
