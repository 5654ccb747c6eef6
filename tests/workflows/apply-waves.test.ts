import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { keepOrder, sortWaves } from '#core/terraform/waves.ts';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { describeOutputs } from '../../actions/find-stacks/src/outputs.ts';

/** apply.yml as it is, on GitHub's stand-in; what the steps do is in the tests of their actions. */
describe('the stacks of a merge', () => {
  const text = readFileSync(join(repositoryRoot, '.github/workflows/apply.yml'), 'utf8');
  let lab: Lab;
  let github: GitHub;
  let clone: string;

  beforeAll(async () => {
    lab = await openLab({ progress: silentProgress });
    const act = join(repositoryRoot, 'lab/github/tests/fake-act.sh');
    chmodSync(act, 0o755);
    github = await startGitHub(lab, { path: [], tool: () => act, file: () => '' }, { repository: 'acme/sample' });
    clone = lab.folder('clone');
    await git('init', '--quiet', '--initial-branch=main');
    await git('remote', 'add', 'origin', github.remote);
  });
  afterAll(() => lab.stop());

  const git = (...args: string[]) =>
    lab.exec(['git', '-C', clone, '-c', 'user.name=P', '-c', 'user.email=p@example.com', ...args]);

  /** What find-stacks says where slipway.yaml has these stacks, each with those that it waits for. */
  function found(order: Readonly<Record<string, readonly string[]>>): Record<string, string> {
    const stacks = Object.keys(order);
    const kept = keepOrder(stacks, new Map(Object.entries(order)));
    const merge = { number: 7, head: 'a'.repeat(40), base: 'main', isFork: false, baseCommit: '', commit: '' };
    const about = { stacks, reached: stacks, order: kept, waves: sortWaves(kept), refusal: undefined, merge };
    return describeOutputs({ ...about, binary: 'terraform' });
  }

  /** Runs the workflow with other steps: those of a stack wait, and fail where the stack is named. */
  async function run(order: Parameters<typeof found>[0], failing: readonly string[] = []): Promise<string[][]> {
    const { jobs, ...rest } = parse(text);
    const script = `sleep 0.4; case " ${failing.join(' ')} " in *" $STACK "*) exit 1;; esac`;
    const started = Object.entries<object>(jobs).map(([id, job]) => {
      const legs = { steps: [{ run: `STACK=\${{ matrix.stack }}; ${script}` }] };
      const own = id === 'find' ? { outputs: found(order) } : {};
      return [id, { ...job, environment: undefined, steps: [{ run: 'true' }], ...own, ...(isLeg(id) ? legs : {}) }];
    });
    const workflow = { ...rest, on: 'push', jobs: Object.fromEntries(started) };
    mkdirSync(join(clone, '.github/workflows'), { recursive: true });
    writeFileSync(join(clone, '.github/workflows/apply.yml'), JSON.stringify(workflow));
    await git('add', '--all');
    await git('commit', '--quiet', '--allow-empty', '--message', 'a change');
    await git('push', '--quiet', 'origin', 'HEAD:main');
    await github.idle();
    return groupByTime();
  }
  const isLeg = (id: string): boolean => id.startsWith('apply');

  /** The legs in the order of their beginning, those together that ran at the same time: `a: success`. */
  function groupByTime(): string[][] {
    const jobs = (github.runs.at(-1)?.jobs ?? []).filter(({ startedAt }) => startedAt !== undefined);
    const groups: { names: string[]; until: number }[] = [];
    for (const { id, conclusion, startedAt, endedAt } of jobs.sort(
      (one, other) => Number(one.startedAt) - Number(other.startedAt),
    )) {
      const last = groups.at(-1);
      const name = `${/\((.*)\)/.exec(id)?.[1] ?? id}: ${conclusion}`;
      if (last !== undefined && Number(startedAt) < last.until) last.names.push(name);
      else groups.push({ names: [name], until: Number(endedAt) });
    }
    return groups.map(({ names }) => names.sort());
  }

  test('are applied one after another, where slipway.yaml only lists them', async () => {
    expect(await run({ a: [], b: ['a'], c: ['b'], d: ['c'], e: ['d'] })).toEqual([
      ['find: success'],
      ...['a', 'b', 'c', 'd', 'e'].map((stack) => [`${stack}: success`]),
      ['comment: success'],
    ]);
  });

  test('are applied at the same time, where none waits for the other', async () => {
    expect(await run({ a: [], b: [], c: ['a'], d: ['b'], e: ['c', 'd'] })).toEqual([
      ['find: success'],
      ['a: success', 'b: success'],
      ['c: success', 'd: success'],
      ['e: success'],
      ['comment: success'],
    ]);
  });

  test('go on where a neighbour failed: each asks for itself what it waits for', async () => {
    expect(await run({ a: [], b: [], c: ['a'], d: ['b'], e: ['c'], f: ['e'] }, ['a', 'c', 'e', 'f'])).toEqual([
      ['find: success'],
      ['a: failure', 'b: success'],
      ['c: failure', 'd: success'],
      ['e: failure'],
      ['f: failure'],
      ['comment: success'],
    ]);
  });

  test('of one alone, the other waves are skipped', async () => {
    expect(await run({ a: [] })).toEqual([['find: success'], ['a: success'], ['comment: success']]);
    expect(github.runs.at(-1)?.conclusion).toBe('success');
  });

  test('are each told what they wait for, whatever its wave', () => {
    const { jobs } = parse(text);
    for (const id of ['apply', 'apply-2', 'apply-3']) {
      const [step] = jobs[id].steps.filter(({ uses }: { uses?: string }) => uses === './actions/apply-terraform');
      expect(step.with).toMatchObject({ stack: '${{ matrix.stack }}', after: '${{ needs.find.outputs.after }}' });
      expect([jobs[id].environment, jobs[id].permissions['id-token']]).toEqual(['aws', 'write']);
    }
  });
});
