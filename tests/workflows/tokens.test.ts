import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { pullRequestWorkflow } from '#tests/support/hostile-job.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';

let world: World;
let pull: PullRecord;
beforeAll(async () => {
  world = await openWorld();
  pull = await world.openPull('hostile');
});
afterAll(() => world.close());

/** What the code of a branch could want of GitHub. */
const wants: Readonly<Record<string, () => readonly [method: string, path: string, body: unknown]>> = {
  comment: () => ['POST', `issues/${pull.number}/comments`, { body: 'as the pipeline' }],
  status: () => ['POST', `statuses/${pull.head.sha}`, { state: 'success', context: 'slipway/plan' }],
  branch: () => ['POST', 'git/refs', { ref: 'refs/heads/taken', sha: world.second }],
  dispatch: () => ['POST', 'actions/workflows/deploy.yml/dispatches', { ref: 'main', inputs: { image: 'x' } }],
  deployment: () => ['POST', 'deployments', { ref: pull.head.sha, required_contexts: [] }],
  issue: () => ['POST', 'issues', { title: 'drift' }],
  merge: () => ['PUT', `pulls/${pull.number}/merge`, {}],
};

/** Returns what a token with these permissions may do. */
async function listAllowed(permissions: unknown): Promise<string[]> {
  const token = world.tokenOf(z.record(z.string(), z.string()).parse(permissions));
  const allowed: string[] = [];
  for (const [name, want] of Object.entries(wants)) {
    const [method, path, body] = want();
    const headers = { authorization: `Bearer ${token}` };
    const { status } = await world.ask(`/repos/acme/tenant/${path}`, { method, headers, body: JSON.stringify(body) });
    if (status < 300) allowed.push(name);
    else expect([name, status]).toEqual([name, 403]);
  }
  return allowed;
}

describe("what hostile code can do with the token of a pull request's job", () => {
  test.each([...pullRequestWorkflow.jobs].map(([id, { permissions }]) => [id, permissions] as const))(
    '%s',
    async (id, permissions) => {
      expect(await listAllowed(permissions)).toEqual(id === 'comment' ? ['comment', 'status'] : []);
    },
  );

  test('each of these can be done at all', async () => {
    const all = { contents: 'write', actions: 'write', issues: 'write', deployments: 'write', statuses: 'write' };
    expect(await listAllowed({ ...all, 'pull-requests': 'write' })).toEqual(Object.keys(wants));
  });
});
