import { expect, test } from '@jest/globals';
import { type DeployWorld, deployTenant } from '#lab/deploy.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';

function runOf(conclusion: RunRecord['conclusion'], annotations: string[] = []): RunRecord {
  return {
    id: 1,
    workflow: 'Deploy',
    path: '.github/workflows/deploy.yml',
    event: 'push',
    ref: 'refs/heads/main',
    sha: 'a'.repeat(40),
    title: 'The tenant',
    actor: 'octocat',
    attempt: 1,
    triggeringActor: 'octocat',
    createdAt: new Date(0),
    status: 'completed',
    conclusion,
    annotations,
    jobs: [],
  };
}

async function deploy(runs: readonly RunRecord[], delivery?: DeployWorld['delivery']) {
  const lines: string[] = [];
  const failure = await deployTenant(
    {
      push: async () => ({ sha: 'a'.repeat(40), runs }),
      settled: async () => {},
      releases: async () => [],
      environments: new Map(),
      delivery,
      until: async (what) => {
        throw new Error(`not seen within 120 s: ${what}`);
      },
    },
    lineProgress((line) => lines.push(line)),
  );
  return { failure, lines };
}

test('a tenant that runs is marked as deployed', async () => {
  const { failure, lines } = await deploy([runOf('success')]);
  expect(failure).toBeUndefined();
  expect(lines).toEqual([expect.stringContaining('✔ Deploy the tenant')]);
});

test.each([
  ['failed', [runOf('failure', ['the account is not known'])], 'the account is not known'],
  ['was cancelled', [runOf('cancelled')], 'ended as cancelled'],
  ['is one of two and failed', [runOf('success'), runOf('failure')], 'ended as failure'],
  ['was never started', [], 'started no run'],
])('a run that %s is said where one looks: the step is not marked as done', async (_how, runs, reason) => {
  const { failure, lines } = await deploy(runs);
  expect(failure).toContain(reason);
  expect(lines).toEqual([expect.stringContaining('✘ Deploy the tenant')]);
});

test('pods that never serve what landed are no deployed tenant', async () => {
  const { failure, lines } = await deploy([runOf('success')], {} as DeployWorld['delivery']);
  expect(failure).toBe('not seen within 120 s: the pods run');
  expect(lines).toEqual([expect.stringContaining('✘ Deploy the tenant')]);
});
