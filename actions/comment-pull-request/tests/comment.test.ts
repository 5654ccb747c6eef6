import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { openWorld, type World } from './world.ts';

let world: World;

beforeAll(async () => {
  world = await openWorld();
});

afterEach(() => expect(world.rest.violations).toEqual([]));

afterAll(() => world.close());

test('one comment is made, and the second run updates it', async () => {
  const pull = await world.openPull('one');
  const first = await world.comment({ pull, body: 'First.' });
  expect(first).toMatchObject({ error: undefined, outputs: { outcome: 'created' } });
  const second = await world.comment({ pull, body: 'Second.', run: 2 });
  expect(second).toMatchObject({ error: undefined, outputs: { ...first.outputs, outcome: 'updated' } });
  expect(world.commentsOf(pull).map(({ body }) => body.split('\n').slice(1))).toEqual([['Second.']]);
});
