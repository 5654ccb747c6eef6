import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { type BuildWorld, openBuildWorld } from './world.ts';

jest.setTimeout(180_000);

let world: BuildWorld;
beforeAll(async () => {
  world = await openBuildWorld('oci');
}, 300_000);
afterAll(() => world.lab.stop(), 60_000);

/** Builds what cannot be built, and expects its cause in the step's error and in the summary. */
async function expectCause(image: string, cause: string): Promise<void> {
  const { code, log, summary } = await world.build({ image });
  const error = log.split('\n').find((line) => line.startsWith('::error::')) ?? '';
  expect(code).toBe(1);
  expect(error).toContain(`::error::${image} was not built from docker/`);
  expect(error).toContain(cause);
  expect(error).not.toContain('no artifacts were created');
  expect(summary).toMatch(new RegExp(`^### 💥 ${image} was not built\n`));
  expect(summary).toContain(cause);
}

test('an npm dependency that does not exist', async () => {
  const root = { name: 'bot', version: '1.0.0', dependencies: { 'no-such-package-of-ours': '1.0.0' } };
  const packages = { '': root, 'node_modules/no-such-package-of-ours': { version: '1.0.0' } };
  const lock = { name: 'bot', version: '1.0.0', lockfileVersion: 3, requires: true, packages };
  await world.commit({
    'app/package-lock.json': JSON.stringify(lock),
    'app/package.json': JSON.stringify({ ...root, type: 'module', private: true }),
  });
  await expectCause('discord-bot', 'npm error 404 Not Found - GET');
});

test('a file that a script needs was removed', async () => {
  await world.commit({ 'docker/dev-sandbox/usr/local/bin/serve': undefined, 'docker/dev-sandbox/other': 'x' });
  await expectCause('dev-sandbox', 'chmod: /usr/local/bin/serve: No such file or directory');
});

test('a folder that the template copies does not exist', async () => {
  const path = 'docker/dev-sandbox.pkr.hcl';
  const template = readFileSync(join(world.checkout, path), 'utf8');
  await world.commit({ [path]: template.replace('"dev-sandbox/"', '"missing/"') });
  await expectCause('dev-sandbox', "Bad source 'missing/': stat missing/: no such file or directory");
});
