import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readHead } from '#core/release/head.ts';
import { openBranchPorts, openInScratch, workplaceOf } from '#core/release/open-ports.ts';
import { openRunner } from '#tests/support/in-process.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import { openBranch, PRODUCTION, type TestBranch } from './branch.ts';

let branch: TestBranch;

beforeEach(async () => {
  branch = await openBranch();
});

afterEach(() => branch.tenant.close());

describe('a trailer is believed only where the tree agrees', () => {
  /** Claims the newest commit as its source: were it believed, every build that is under way would be superseded. */
  const claim = (change: Parameters<TestBranch['forge']>[0] = {}) => branch.forge({ source: branch.head(), ...change });
  const digest = (index: number) => branch.digest(index);

  const claimTenTimes = () =>
    void branch.tenant.commit({}, `feat\n\n${Array.from({ length: 10 }, () => claim()).join('\n')}`);
  const attacks: Record<string, () => void> = {
    'a message alone, from a source that is nowhere': () =>
      void branch.tenant.commit({ 'x.md': 'x' }, `docs\n\n${branch.forge({})}`),
    'a message alone that names the deployed digest and the newest source': () =>
      void branch.tenant.commit({}, `docs\n\n${claim({ to: digest(0) })}`),
    'ten lines in one squashed message': claimTenTimes,
    'a commit that changes the other environment': () =>
      void branch.tenant.commit(
        { 'overlays/staging/kustomization.yaml': branch.edited(4, 'staging') },
        `feat\n\n${claim()}`,
      ),
    'a merge commit whose own message claims it': () =>
      void branch.merge([branch.side(branch.head(), { 'x.md': 'x' }, 'x')], `merge\n\n${claim()}`),
    'a merged commit whose message claims it': () =>
      void branch.merge([branch.side(branch.head(), { 'x.md': 'x' }, `x\n\n${claim()}`)]),
    'a side that released and took it back before the merge': () => {
      const before = `${branch.tenant.readOverlay()}\n`;
      const message = `x\n\n${claim({ from: digest(0) })}`;
      const released = branch.side(branch.head(), { [PRODUCTION]: branch.edited(4) }, message);
      branch.merge([branch.side(released, { [PRODUCTION]: before }, 'taken back')]);
    },
    'an octopus merge that brings two claims': () => {
      const start = branch.head();
      const one = branch.side(start, { 'x.md': 'x' }, `x\n\n${claim()}`);
      branch.merge([one, branch.side(start, { 'y.md': 'y' }, `y\n\n${claim({ to: digest(3) })}`)]);
    },
    'a cherry-pick of a real release without its change': () => {
      const message = branch.tenant.remoteGit('log', '-1', '--grep=Slipway-Release', '--format=%B', 'main');
      branch.tenant.commit({ 'x.md': 'x' }, message.replace(/source=\w+/, `source=${branch.head()}`));
    },
    'a ref that claims the newest source': () =>
      void branch.tenant.remoteGit('update-ref', 'refs/slipway/seen/production/discord-bot', branch.head()),
  };
  /** Attacks while a build is under way; returns that build's source. */
  const attackWhileBuilding = async (attack: () => void): Promise<string> => {
    branch.appChange('first');
    expect((await branch.deploy(0)).outcome).toBe('landed');
    const waiting = branch.appChange('built slowly');
    branch.appChange('newer, and not built yet');
    attack();
    return waiting;
  };
  test.each(Object.entries(attacks))('%s', async (_name, attack) => {
    const waiting = await attackWhileBuilding(attack);
    expect((await branch.deploy(1, waiting)).outcome).toBe('landed');
    await branch.expectHonest();
  });

  test('ten lines in one squashed message, before a bump as a process', async () => {
    const waiting = await attackWhileBuilding(claimTenTimes);
    const { code, outputs } = await branch.deployByProcess(1, waiting);
    expect([code, outputs['outcome']]).toEqual([0, 'landed']);
    expect(branch.tenant.readOverlay()).toContain(digest(1));
    await branch.expectHonest();
  });

  const edits: Record<string, () => void> = {
    'a change by hand whose message tells another beginning': () =>
      void branch.tenant.commit({ [PRODUCTION]: branch.edited(4) }, `edit\n\n${claim()}`),
    'a side whose edit by hand an earlier message claims': () => {
      const claimed = branch.side(branch.head(), { 'x.md': 'x' }, `x\n\n${claim({ from: digest(0) })}`);
      branch.merge([branch.side(claimed, { [PRODUCTION]: branch.edited(4) }, 'by hand')]);
    },
    'a side whose edit by hand a later message claims': () => {
      const edit = branch.side(branch.head(), { [PRODUCTION]: branch.edited(4) }, 'by hand');
      branch.merge([branch.side(edit, { 'x.md': 'x' }, `x\n\n${claim({ from: digest(0) })}`)]);
    },
  };
  test.each(Object.entries(edits))(
    '%s: it is a change by hand, which holds until it is taken back',
    async (_name, edit) => {
      branch.appChange('first');
      expect((await branch.deploy(0)).outcome).toBe('landed');
      const waiting = branch.appChange('built slowly');
      const before = `${branch.tenant.readOverlay()}\n`;
      edit();
      expect((await branch.deploy(1, waiting)).outcome).toBe('held');
      branch.tenant.commit({ [PRODUCTION]: before }, 'taken back');
      expect((await branch.deploy(1, waiting)).outcome).toBe('landed');
      await branch.expectHonest();
    },
  );

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
    branch.appChange('first');
    expect((await branch.deploy(2)).outcome).toBe('landed');
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
    // asked at once, and for nothing that needs more of the history
    expect(await findNewest(branch)).toBe(branch.digest(0));
    expect((await branch.deploy(1, older)).outcome).toBe('superseded');
  });
});

/** The newest release of production's bot, as a history says it that was asked for nothing before. */
async function findNewest({ tenant }: TestBranch): Promise<string | undefined> {
  const place = workplaceOf(openRunner(tenant, {}), '');
  const { ports, close } = await openInScratch(place, 'test', (scratch, exec) =>
    openBranchPorts(place, 'slipway.yaml', scratch, exec),
  );
  try {
    const history = await ports.history.at(await readHead('main', { ...ports, log: silentLog }));
    const places = [{ environment: 'production', overlay: 'overlays/production' }];
    const found = await history.findReleases({ places, images: ['discord-bot'], count: 1 });
    return found.get('production/discord-bot')?.[0]?.to;
  } finally {
    await close();
  }
}
