import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type ActionRun, type BuildWorld, openBuildWorld } from './world.ts';

jest.setTimeout(180_000);

let world: BuildWorld;
let first: ActionRun;

beforeAll(async () => {
  world = await openBuildWorld('oci');
  first = await world.build({ image: 'discord-bot' });
}, 300_000);
afterAll(() => world.lab.stop(), 60_000);

const digestOf = async (tag: string) => {
  const answer = await fetch(`http://${world.registry.host}/v2/discord-bot/manifests/${tag}`, {
    method: 'HEAD',
    headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
  });
  return answer.headers.get('docker-content-digest');
};

test('a registry without a login: built, then skipped', async () => {
  expect(first).toMatchObject({ code: 0, outputs: { outcome: 'built' } });
  expect(first.outputs['reference']).toBe(`${world.registry.host}/discord-bot@${first.outputs['digest']}`);
  const again = await world.build({ image: 'discord-bot' });
  expect(again.outputs).toMatchObject({ outcome: 'skipped', digest: first.outputs['digest'] });
});

test('tags that could move: three builds of one commit at once end with one digest, all green', async () => {
  const commit = await world.commit({ 'app/src/main.ts': 'console.log("three")' });
  const runs = await Promise.all([1, 2, 3].map(() => world.build({ image: 'discord-bot' })));
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  const [{ outputs } = first] = runs;
  const digests = [
    ...runs.map((run) => run.outputs['digest']),
    await digestOf(outputs['tag'] ?? ''),
    await digestOf(`git-${commit}`),
  ];
  expect(new Set(digests)).toEqual(new Set([outputs['digest']]));
});

test('a registry that is down: red with its reason; the next run heals', async () => {
  await world.commit({ 'app/src/main.ts': 'console.log("down")' });
  await world.registry.stop();
  const down = await world.build({ image: 'discord-bot' });
  expect(down.code).toBe(1);
  expect(down.log).toMatch(
    /::error::the registry 127\.0\.0\.1:\d+ gave no usable answer in 30 s and \d+ attempts \(.*ECONNREFUSED/,
  );
  await world.registry.start();
  expect((await world.build({ image: 'discord-bot' })).outputs).toMatchObject({ outcome: 'built' });
});
