import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { readHead } from '#core/release/head.ts';
import { openRunner } from '#tests/support/in-process.ts';
import { openProposalStage, type ProposalStage, type Pushed } from '#tests/support/proposals.ts';
import { reportVerdict, say, verdictsOn } from '../../actions/report-verdict/tests/reports.ts';
import { readInputs } from '../../actions/retain-images/src/inputs.ts';
import { openPorts } from '../../actions/retain-images/src/ports.ts';

jest.setTimeout(120_000);

/** The rights that these actions' READMEs ask for where pull requests land releases. */
const RIGHTS = { contents: 'read', statuses: 'write', deployments: 'write', 'pull-requests': 'read' };

let stage: ProposalStage;
/** A release whose pull request a person merged by a squash that has no message. */
let release: Pushed;
let landed: string;

beforeAll(async () => {
  stage = await openProposalStage({ staging: 'deploys: on-push, via: pull-request' });
  stage.github.pulls.settings.squashMessage = 'BLANK';
  release = await stage.push('squashed', { environment: 'staging' });
  landed = await stage.merge('squash');
});

afterAll(() => stage.tenant.close());

const ranBy = (digest: string) => `v1 phase=Succeeded sync=Synced health=Healthy at=none runs=${digest.slice(7, 19)}`;

test('its source gets a verdict', async () => {
  await say(stage, landed, 'success', ranBy(release.digest), { environment: 'staging' });
  await reportVerdict(stage, { revision: landed }, { rights: RIGHTS });
  expect(await verdictsOn(stage, release.source)).toEqual([
    'slipway/staging/discord-bot success: Running: its digest runs, and the Application is healthy',
  ]);
  expect(stage.github.violations).toEqual([]);
});

test('the right that it takes is named where it is missing', async () => {
  const { 'pull-requests': _right, ...rights } = RIGHTS;
  await expect(reportVerdict(stage, { revision: landed }, { rights })).rejects.toThrow(/pull-requests: read/);
});

test('a pull request that another account opened is not ours, whatever it says', async () => {
  const { warnings, outputs } = await reportVerdict(
    stage,
    { revision: landed, identity: 'shipper[bot]' },
    { rights: RIGHTS },
  );
  expect([warnings, outputs['verdicts']]).toEqual([[], expect.not.stringContaining(release.digest)]);
});

test('retain-images knows it, so that its image stays', async () => {
  const { tenant, github } = stage;
  const given = { config: 'slipway.yaml', branch: 'main', releases: '10', 'dry-run': 'true' };
  const token = github.tokenOf({ contents: 'read', 'pull-requests': 'read' });
  const runner = openRunner(tenant, { ...given, token }, github.connection.env);
  const { ports, close } = await openPorts(runner, readInputs(runner));
  try {
    const branch = await ports.history.at(await readHead('main', ports));
    const places = [{ environment: 'staging', overlay: 'overlays/staging' }];
    const found = await branch.findReleases({ places, images: ['discord-bot'], count: 1 });
    expect(found.get('staging/discord-bot')).toMatchObject([{ to: release.digest, commit: landed }]);
  } finally {
    await close();
  }
});
