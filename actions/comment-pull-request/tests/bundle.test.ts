import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { openWorld, RIGHTS, type World } from '#tests/support/pull-requests.ts';
import { bundleAction } from '../../../scripts/build.ts';

let world: World;

/** Runs the bundle as the runner does; returns its exit code. */
function start(file: string, inputs: Readonly<Record<string, string>>): Promise<number | null> {
  const folder = world.root;
  const env = {
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
    ...{ GITHUB_WORKSPACE: folder, RUNNER_TEMP: folder, GITHUB_REPOSITORY: 'acme/tenant', GITHUB_ACTOR: 'octocat' },
    ...{ GITHUB_SERVER_URL: world.url, GITHUB_API_URL: `${world.url}/api/v3`, GITHUB_SHA: world.second },
    ...{ GITHUB_RUN_ID: '5', GITHUB_RUN_ATTEMPT: '1', GITHUB_EVENT_NAME: 'pull_request' },
    ...{ GITHUB_OUTPUT: join(folder, 'outputs'), GITHUB_STEP_SUMMARY: join(folder, 'summary') },
  };
  for (const name of ['outputs', 'summary']) writeFileSync(join(folder, name), '');
  const child = spawn(process.execPath, [file], { env, stdio: 'ignore' });
  return new Promise((resolve) => child.once('close', resolve));
}

beforeAll(async () => {
  world = await openWorld();
});

afterAll(() => world.close());

test('the bundle comments, and fills outputs and summary', async () => {
  const pull = await world.openPull('topic');
  const file = join(world.root, 'index.cjs');
  writeFileSync(file, (await bundleAction('comment-pull-request')).get('index.cjs') ?? '');
  writeFileSync(join(world.root, 'body.md'), 'The full text.');
  const inputs = { body: 'body.md', marker: 'slipway', 'pull-request': `${pull.number}`, head: pull.head.sha };
  expect(await start(file, { ...inputs, identity: '41898282', token: world.tokenOf(RIGHTS) })).toBe(0);
  expect(world.commentsOf(pull).map(({ body }) => body.split('\n')[1])).toEqual(['The full text.']);
  expect(readFileSync(join(world.root, 'outputs'), 'utf8')).toContain('created');
  expect(readFileSync(join(world.root, 'summary'), 'utf8')).toContain('The full text.');
  expect(await start(file, { ...inputs, identity: '41898282', token: 'ghs_unknown' })).toBe(1);
  expect(readFileSync(join(world.root, 'summary'), 'utf8')).toContain('The comment could not be written');
});
