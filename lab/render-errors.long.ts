import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true },
  );
  await world.push({ files: {}, message: 'The tenant' });
  await world.settled();
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const untilSaid = (what: string, fits: (status: StatusRecord) => boolean): Promise<StatusRecord> =>
  world.until(
    what,
    () => world.github.rest.statuses.find((status) => status.context.startsWith('argocd/staging') && fits(status)),
    180_000,
  );

test('a digest that cannot be pulled is never said to run, and manifests that cannot be rendered are said on what was synced', async () => {
  const overlay = 'overlays/staging/kustomization.yaml';
  const good = await world.read(overlay);
  const bad = `sha256:${'d'.repeat(64)}`;
  const { sha } = await world.push({
    files: { [overlay]: (text) => text.replace(/digest: sha256:[0-9a-f]{64}/, `digest: ${bad}`) },
    message: 'a digest that is not there',
  });
  await untilSaid('it is under way', (status) => status.sha === sha && status.state === 'pending');
  const said = world.github.rest.statuses.filter((status) => status.sha === sha && status.context === 'argocd/staging');
  expect(said.filter(({ state }) => state === 'success')).toEqual([]);
  await world.push({ files: { [overlay]: `${good}\nresources: [no-such-file.yaml]\n` }, message: 'not rendered' });
  const broken = await untilSaid(
    'it cannot be rendered',
    ({ context, state }) => context === 'argocd/staging/render' && state === 'failure',
  );
  expect(broken.description).toContain('sync=Unknown');
  await world.push({ files: { [overlay]: good }, message: 'as it was' });
  await untilSaid(
    'it can again',
    ({ id, context, state }) => id > broken.id && context.endsWith('/render') && state === 'success',
  );
});
