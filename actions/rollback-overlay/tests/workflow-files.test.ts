import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { leaveHold } from '#tests/support/intents.ts';
import { openStage, type Stage } from '#tests/support/stage.ts';
import { bump, hold, rollBack } from '#tests/support/writers.ts';

jest.setTimeout(60_000);

let stage: Stage;
const log = (): string => join(stage.tenant.remote, 'moved');

beforeAll(async () => {
  stage = await openStage();
});

beforeEach(() => {
  stage.reset();
  stage.tenant.commit({ '.github/workflows/ci.yml': 'on: push\n' }, 'A workflow');
  // every ref that moves, with the workflow files of the commit that it gets
  const hook = join(stage.tenant.remote, 'hooks', 'update');
  const list = 'git ls-tree -r --name-only "$3" -- .github | tr "\\n" " "';
  writeFileSync(hook, `#!/bin/sh\ncase "$3" in *[!0]*) echo "$1 $(${list})" >> "$GIT_DIR/moved";; esac\n`);
  chmodSync(hook, 0o755);
});

afterEach(() => {
  rmSync(join(stage.tenant.remote, 'hooks', 'update'));
  if (existsSync(log())) rmSync(log());
});

afterAll(() => stage.tenant.close());

test.each<[string, () => Promise<unknown>]>([
  ['bump', async () => bump(stage.tenant, { images: stage.all((await stage.change('new')).digest) })],
  ['rollback', () => rollBack(stage.tenant)],
  ['hold', () => hold(stage.tenant)],
])('no ref but the branch itself gets a commit with workflow files: %s', async (_name, write) => {
  leaveHold(stage.tenant, 'staging', 'so that the intent is published'); // and a fold deletes two
  await write();
  const moved = existsSync(log()) ? readFileSync(log(), 'utf8').trim().split('\n') : [];
  const others = moved.filter((line) => !line.startsWith('refs/heads/main '));
  expect(others.length).toBeGreaterThan(0);
  expect(others.filter((line) => line.includes('.github'))).toEqual([]);
  for (const line of moved.filter((one) => !others.includes(one))) expect(line).toContain('.github/workflows/ci.yml');
});
