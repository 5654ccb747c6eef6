import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { NEVER_RELEASED } from '#core/values/reference.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { bump } from '#tests/support/writers.ts';
import { edited, expectDeploys, expectHeld, expectLeftAlone, expectReleased, OVERLAY, push, revert } from './hands.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

/** Held with the hand's commit, left alone by the next ten bumps, let go by a release. */
async function expectMeant(hand: string, digest: string | undefined): Promise<void> {
  expect(stage.read()).toBe(digest);
  await expectHeld(stage, hand);
  await expectReleased(stage, await expectLeftAlone(stage));
}

describe('a hand changes the overlay, and it is meant', () => {
  test('a revert of the bad release', async () => {
    await expectMeant(revert(stage, 'HEAD'), stage.good);
  });

  test('an edit to an older digest', async () => {
    await expectMeant(
      stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${stage.good}`), 'go back'),
      stage.good,
    );
  });

  test('an edit to a newer build of the branch, before its own bump', async () => {
    const { digest } = await stage.change('not bumped yet');
    await expectMeant(stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${digest}`), 'hurry'), digest);
  });

  test('an edit to a digest that the registry does not have', async () => {
    const unknown = `sha256:${'7'.repeat(64)}`;
    await expectMeant(stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${unknown}`), 'a try'), unknown);
  });

  test('an edit to a tag', async () => {
    await expectMeant(stage.tenant.commit(edited(stage, 'discord-bot', 'newTag: v1'), 'by tag'), 'v1');
  });

  test('an edit to "never released"', async () => {
    const hand = stage.tenant.commit(edited(stage, 'discord-bot', `digest: ${NEVER_RELEASED}`), 'off');
    stage.tenant.commit({ [OVERLAY]: `# a note\n${stage.tenant.readOverlay()}\n` }, 'a note that is not about it');
    await expectMeant(hand, NEVER_RELEASED);
  });

  test('a revert of a merge that brought the bad release', async () => {
    const { tenant, sources, bad, good } = stage;
    tenant.git('checkout', '-q', '-B', 'main', 'main^');
    tenant.git('commit', '-q', '--allow-empty', '-m', 'own work');
    tenant.git('pull', '-q', '--no-rebase', '--no-edit', 'origin', 'main');
    const merge = push(stage);
    expect((await bump(tenant, { images: `discord-bot=${bad}`, 'source-sha': sources.bad })).outcome).toBe('unchanged');
    await expectMeant(revert(stage, '-m', '1', merge), good);
  });

  test('a revert in a pull request, merged', async () => {
    const { tenant } = stage;
    tenant.git('checkout', '-q', '-b', 'back');
    tenant.git('revert', '--no-edit', 'HEAD');
    tenant.git('checkout', '-q', 'main');
    tenant.git('commit', '-q', '--allow-empty', '-m', 'meanwhile');
    tenant.git('merge', '-q', '--no-ff', '-m', 'Merge pull request #7 from acme/back', 'back');
    await expectMeant(push(stage), stage.good);
  });

  test('a revert in a pull request, squashed', async () => {
    const { tenant, base } = stage;
    tenant.git('checkout', '-q', '-b', 'back');
    tenant.git('revert', '--no-edit', 'HEAD');
    tenant.git('checkout', '-q', 'main');
    tenant.git('merge', '-q', '--squash', 'back');
    const body = tenant.remoteGit('log', '-1', '--format=%B', base);
    tenant.git('commit', '-q', '-m', `Take it back (#7)\n\n* Revert of:\n\n${body}`);
    await expectMeant(push(stage), stage.good);
  });
});

describe('no hand is at work', () => {
  test('a revert of the revert ends it', async () => {
    await expectHeld(stage, revert(stage, 'HEAD'));
    revert(stage, 'HEAD');
    expect(stage.read()).toBe(stage.bad);
    const { tenant, bad, good, sources } = stage;
    expect((await bump(tenant, { images: `discord-bot=${bad}` })).outcome).toBe('unchanged');
    expect((await bump(tenant, { images: `discord-bot=${good}`, 'source-sha': sources.good })).outcome).toBe(
      'superseded',
    );
    await expectDeploys(stage);
  });

  test('a revert of a merge that edited the overlay takes the hand away', async () => {
    const { tenant } = stage;
    tenant.git('checkout', '-q', '-b', 'try');
    tenant.git('revert', '--no-edit', 'HEAD');
    tenant.git('checkout', '-q', 'main');
    tenant.git('merge', '-q', '--no-ff', '-m', 'Merge pull request #8 from acme/try', 'try');
    await expectHeld(stage, push(stage));
    revert(stage, '-m', '1', 'HEAD');
    expect(stage.read()).toBe(stage.bad);
    await expectDeploys(stage);
  });

  test('an image that no release of ours touched: the first bump lands', async () => {
    const { tenant } = stage;
    const text = tenant.readOverlay('staging');
    const config = tenant.remoteGit('show', 'main:slipway.yaml');
    tenant.commit({
      'slipway.yaml': `${config}\n  adopted: {overlay: overlays/adopted, deploys: on-push}\n`,
      'overlays/adopted/kustomization.yaml': `${text}\n`,
    });
    const { digest } = await stage.change('adopt');
    expect((await bump(tenant, { images: `discord-bot=${digest}`, environment: 'adopted' })).outcome).toBe('landed');
    expect(stage.read('discord-bot', 'adopted')).toBe(digest);
  });

  test('an edit of one of two images leaves the other one free', async () => {
    const { tenant, good } = stage;
    const hand = tenant.commit(edited(stage, 'discord-bot', `digest: ${good}`), 'only the bot');
    const { digest } = await stage.change('both');
    const result = await bump(tenant, { images: stage.all(digest) });
    expect(result.outcome).toBe('landed');
    expect(result.images.map(({ image, outcome }) => `${image} ${outcome}`)).toEqual([
      'discord-bot held',
      'dev-sandbox landed',
    ]);
    expect(result.summary).toContain(`changed by hand in ${hand.slice(0, 7)}`);
    expect(result.summary).toMatch(/\*\*Next:\*\*.*with the action `release`/);
    expect([stage.read(), stage.read('dev-sandbox')]).toEqual([good, digest]);
    await expectReleased(stage, digest);
  });
});
