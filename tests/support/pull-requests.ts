import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Time } from '#core/action/comment.ts';
import type { Runner } from '#core/action/runner.ts';
import type { CommentRecord, PullRecord } from '#lab/github/pulls/records.ts';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { type Api, openApi, WHERE } from '#lab/github/tests/open-api.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';
import { readInputs } from '../../actions/comment-pull-request/src/inputs.ts';
import { openPorts, type Ports } from '../../actions/comment-pull-request/src/ports.ts';
import { report } from '../../actions/comment-pull-request/src/report.ts';
import { readInputs as readGroupInputs } from '../../actions/judge-merge-group/src/inputs.ts';
import { openPorts as openGroupPorts } from '../../actions/judge-merge-group/src/ports.ts';
import { report as reportGroup } from '../../actions/judge-merge-group/src/report.ts';
import { readInputs as readMarkInputs } from '../../actions/mark-stale-plans/src/inputs.ts';
import { type Ports as MarkPorts, openPorts as openMarkPorts } from '../../actions/mark-stale-plans/src/ports.ts';
import { report as reportMarks } from '../../actions/mark-stale-plans/src/report.ts';

/** The rights that the README asks for. */
export const RIGHTS = { contents: 'read', 'pull-requests': 'write', statuses: 'write' };

/** The rights that judge-merge-group asks for. */
const GROUP_RIGHTS = { contents: 'read', 'pull-requests': 'read', statuses: 'write' };

/** A run of the action. */
export interface Asked {
  readonly pull: PullRecord;
  readonly body?: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly run?: number;
  readonly attempt?: number;
  readonly token?: string;
  readonly eventName?: string;
  /** Where the stand-in is asked, if not at its own address. */
  readonly at?: string;
  /** Replaces ports: to come between two requests. */
  readonly around?: (ports: Ports) => Ports;
}

/** A run of mark-stale-plans. */
export interface Marking {
  readonly token?: string;
  /** Replaces ports. */
  readonly around?: (ports: MarkPorts) => MarkPorts;
}

/** How it ended. */
export interface Ended {
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly lines: readonly string[];
  readonly clock: TestClock;
  /** What it threw, if it did. */
  readonly error: unknown;
}

/** The stand-in with pull requests, and the action over it. */
export interface World extends Api {
  /** Opens a pull request of a new branch with one more file. */
  openPull(branch: string, base?: string): Promise<PullRecord>;
  /** Pushes one more file to the pull request's branch. */
  push(pull: PullRecord, path?: string): Promise<void>;
  /** Commits a file to a branch; returns the commit. */
  commit(branch: string, path: string, text?: string): string;
  comment(asked: Asked): Promise<Ended>;
  mark(asked?: Marking): Promise<Ended>;
  /** Runs judge-merge-group with the inputs that the event gives. */
  judgeGroup(inputs: Readonly<Record<string, string>>, rights?: Readonly<Record<string, string>>): Promise<Ended>;
  commentsOf(pull: PullRecord): CommentRecord[];
  /** Takes all comments and statuses back. */
  forget(): void;
  /** State and description of the newest `slipway/plan` of the pull request's head. */
  statusOf(pull: PullRecord): string | undefined;
}

/** Opens a {@link World}. */
export async function openWorld(): Promise<World> {
  const api = await openApi();
  api.reopen({ limits: { user: 100_000, job: 100_000 } });
  const statuses = api.rest.statuses as StatusRecord[]; // only here are they taken back
  let files = 0;
  const commit: World['commit'] = (branch, path, text = `${++files}`) => {
    const message = `Change ${path}`;
    const lines = [
      ...[`commit refs/heads/${branch}`, 'committer A <a@example.com> 1700000000 +0000'],
      ...[`data ${Buffer.byteLength(message)}`, message, `from refs/heads/${branch}^0`],
      ...[`M 100644 inline ${path}`, `data ${Buffer.byteLength(text)}`, text, ''],
    ];
    execFileSync('git', ['-C', api.bare, 'fast-import', '--quiet'], { input: lines.join('\n') });
    return api.git('rev-parse', branch);
  };
  const person = { kind: 'user', login: 'octocat' } as const;
  return {
    ...api, // with the server that was opened last
    forget: () => {
      api.pulls.comments.length = 0;
      statuses.length = 0;
    },
    commit,
    openPull: async (branch, base = 'main') => {
      api.git('branch', branch, base);
      commit(branch, `${branch}.txt`);
      const { data } = await api.person.rest.pulls.create({ ...WHERE, title: `About ${branch}`, head: branch, base });
      const pull = api.pulls.find(data.number);
      if (pull === undefined) throw new Error('no pull request');
      return pull;
    },
    push: async (pull, path = `push-${++files}.txt`) => {
      const before = pull.head.sha;
      const after = commit(pull.head.ref, path);
      await api.pulls.noteMoves('acme/tenant', [{ ref: `refs/heads/${pull.head.ref}`, before, after }], person);
    },
    comment: (asked) => comment(api, asked),
    mark: (asked = {}) => mark(api, asked),
    judgeGroup: (inputs, rights = GROUP_RIGHTS) => judgeGroup(api, inputs, api.tokenOf(rights)),
    commentsOf: ({ number }) => api.pulls.comments.filter(({ issue }) => issue === number),
    statusOf: ({ head }) => {
      const status = statuses.filter((one) => one.sha === head.sha && one.context === 'slipway/plan').at(-1);
      return status && `${status.state}: ${status.description}`;
    },
  };
}

async function comment(api: Api, asked: Asked): Promise<Ended> {
  const { pull, body = '## Plan\n\nNothing changes.', token = api.tokenOf(RIGHTS), around = (ports) => ports } = asked;
  const values = {
    ...{ body: 'body.md', marker: 'slipway', 'pull-request': String(pull.number), head: pull.head.sha },
    ...{ identity: '41898282', token, ...asked.inputs },
  };
  return runStep(api, values, asked, async (runner, time) => {
    writeFileSync(join(runner.environment.workspace, 'body.md'), body);
    const inputs = readInputs(runner);
    await report(inputs, around(openPorts(runner, inputs, time)), runner);
  });
}

async function mark(api: Api, asked: Marking): Promise<Ended> {
  const { token = api.tokenOf(RIGHTS), around = (ports) => ports } = asked;
  const values = { branch: 'main', marker: 'slipway', identity: '41898282', token };
  return runStep(api, values, { eventName: 'push' }, async (runner, time) => {
    const inputs = readMarkInputs(runner);
    await reportMarks(inputs, around(openMarkPorts(runner, inputs, time)), runner);
  });
}

async function judgeGroup(api: Api, inputs: Readonly<Record<string, string>>, token: string): Promise<Ended> {
  const values = { branch: 'refs/heads/main', marker: 'slipway', identity: '41898282', token, ...inputs };
  return runStep(api, values, { eventName: 'merge_group' }, async (runner, time) => {
    const checked = readGroupInputs(runner);
    await reportGroup(checked, openGroupPorts(runner, checked, time), runner);
  });
}

async function runStep(
  api: Api,
  values: Readonly<Record<string, string>>,
  {
    eventName = 'pull_request',
    run = 1,
    attempt = 1,
    at = api.url,
  }: Pick<Asked, 'eventName' | 'run' | 'attempt' | 'at'>,
  step: (runner: Runner, time: Time) => Promise<void>,
): Promise<Ended> {
  const folder = mkdtempSync(join(api.root, 'step-'));
  const [outputs, lines, pages]: [Record<string, string>, string[], string[]] = [{}, [], []];
  const runner: Runner = {
    environment: environmentOf(api, folder, { eventName, run, attempt, at }),
    log: { debug: () => {}, info: (line) => void lines.push(line), warn: (line) => void lines.push(line) },
    input: (name) => values[name] ?? '',
    setOutputs: (set) => void Object.assign(outputs, set),
    annotate: ({ message }) => void lines.push(message),
    mask: () => {},
    addSummary: async (markdown) => void pages.push(markdown),
  };
  const clock = createTestClock();
  const error = await step(runner, { clock, random: () => 0.5 }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { outputs, summary: pages.join(''), lines, clock, error };
}

function environmentOf(
  { url }: Api,
  workspace: string,
  { eventName, run, attempt, at }: Required<Pick<Asked, 'eventName' | 'run' | 'attempt' | 'at'>>,
): Runner['environment'] {
  const all = {
    GITHUB_API_URL: `${at}/api/v3`,
    GITHUB_RUN_ID: String(run),
    GITHUB_RUN_ATTEMPT: String(attempt),
  };
  return {
    ...{ workspace, temp: workspace, repository: 'acme/tenant', serverUrl: url },
    ...{ runUrl: `${url}/acme/tenant/actions/runs/${run}`, actor: 'octocat', sha: '0'.repeat(40), eventName, all },
  };
}
