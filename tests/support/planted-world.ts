import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { PLAN_FILE, REPORT_FILE } from '#core/action/artifact-names.ts';
import { readZipFile } from '#core/values/zip.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { runOf, WHERE } from '#lab/github/tests/open-api.ts';
import { openWorld, type World } from '#tests/support/pull-requests.ts';
import { git } from '#tests/support/repositories.ts';
import { type ActionResult, runAction } from '#tests/support/tenant.ts';
import { plainEnvironment, readDefaults } from '#tests/support/terraform.ts';

type Strings = Readonly<Record<string, string>>;

/** A run of a workflow, whose jobs leave artifacts. */
export interface Run {
  readonly id: number;
  readonly eventName: string;
}

/** A repository on the stand-in for GitHub, and its actions as processes: each gets what the runner gives it. */
export interface Place {
  readonly world: World;
  readonly checkout: string;
  /** Commits files on a branch and pushes it; returns the commit. */
  push(branch: string, files: Strings): Promise<string>;
  openPull(branch: string): Promise<PullRecord>;
  /** Starts a run of a workflow; with a pull request, the run of its head. */
  start(workflow: string, pull?: PullRecord): Run;
  /** Checks a commit out and runs an action in a job of the run. */
  act(action: string, commit: string, run: Run, inputs: Strings, env?: Strings): Promise<ActionResult>;
  /** Everything that people could read since the beginning, by where it is. */
  readonly seen: ReadonlyMap<string, string>;
  close(): Promise<void>;
}

/** Opens a {@link Place}. */
export async function openPlace(files: Strings): Promise<Place> {
  const world = await openWorld();
  const checkout = join(world.root, 'checkout');
  git(world.bare, 'config', 'uploadpack.allowFilter', 'true');
  git(world.bare, 'config', 'uploadpack.allowAnySHA1InWant', 'true');
  git(world.root, 'clone', '-q', `file://${world.bare}`, checkout);
  const seen = new Map<string, string>();
  const place: Place = {
    ...{ world, checkout, seen },
    push: (branch, more) => push(world, checkout, branch, more),
    openPull: async (head) => {
      const { data } = await world.person.rest.pulls.create({ ...WHERE, title: 'A change', head, base: 'main' });
      const pull = world.pulls.find(data.number);
      if (pull === undefined) throw new Error('no pull request');
      return pull;
    },
    start: (workflow, pull) => {
      const id = Math.max(0, ...world.runs.map((one) => one.id)) + 1;
      const eventName = pull === undefined ? 'push' : 'pull_request';
      const sha = pull?.head.sha ?? world.git('rev-parse', 'main');
      const head = pull && { pull: pull.number, sha, branch: pull.head.ref, isFork: false };
      world.runs.push(runOf({ id, path: `.github/workflows/${workflow}`, event: eventName, sha, head }));
      return { id, eventName };
    },
    act: async (action, commit, run, inputs, env = {}) => {
      git(checkout, 'fetch', '-q', 'origin');
      git(checkout, 'checkout', '-q', '--detach', commit);
      const temp = join(world.root, 'temp');
      mkdirSync(temp, { recursive: true });
      const result = await runAction(
        action,
        { ...readDefaults(action), ...inputs },
        {
          checkout,
          temp,
          root: world.root,
          env: { ...plainEnvironment(), ...environmentOf(world, run, action), ...env },
        },
      );
      collect(world, action, result, seen);
      return result;
    },
    close: () => world.close(),
  };
  await place.push('main', files);
  return place;
}

async function push(world: World, checkout: string, branch: string, files: Strings): Promise<string> {
  const isNew = git(checkout, 'ls-remote', 'origin', `refs/heads/${branch}`) === '';
  git(checkout, 'fetch', '-q', 'origin');
  git(checkout, 'checkout', '-q', '--force', '-B', branch, `origin/${isNew ? 'main' : branch}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(checkout, path)), { recursive: true });
    writeFileSync(join(checkout, path), text);
  }
  git(checkout, 'add', '-A');
  git(checkout, 'commit', '-q', '-m', 'a change');
  git(checkout, 'push', '-q', 'origin', branch);
  const after = git(checkout, 'rev-parse', 'HEAD');
  if (isNew) return after;
  const before = git(checkout, 'rev-parse', 'HEAD^');
  const moves = [{ ref: `refs/heads/${branch}`, before, after }];
  await world.pulls.noteMoves('acme/tenant', moves, { kind: 'user', login: 'octocat' });
  return after;
}

function environmentOf(world: World, { id, eventName }: Run, action: string): Strings {
  return {
    ...world.artifacts.openJob(id, action, () => true),
    GITHUB_API_URL: `${world.url}/api/v3`,
    GITHUB_SERVER_URL: 'http://github.localhost',
    GITHUB_RUN_ID: String(id),
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_EVENT_NAME: eventName,
  };
}

/** Adds what the step printed and left, and what the server has now. The runner acts on a mask's line and does not show it. */
function collect(
  world: World,
  action: string,
  { log, outputs, summary }: ActionResult,
  seen: Map<string, string>,
): void {
  const add = (where: string, text: string): void => void seen.set(where, `${seen.get(where) ?? ''}\n${text}`);
  const lines = log.split('\n').filter((line) => !line.startsWith('::add-mask::'));
  add('annotations', lines.filter((line) => /^::(error|warning|notice)/.test(line)).join('\n'));
  add(`log of ${action}`, lines.join('\n'));
  add(`summary of ${action}`, summary);
  add('outputs', JSON.stringify(outputs));
  for (const { runId, name, bytes } of world.artifacts.artifacts.complete) {
    const content = [REPORT_FILE, PLAN_FILE].map((file) => readZipFile(bytes, file, 1 << 30)?.toString('latin1') ?? '');
    seen.set(`artifact ${name} of run ${runId}`, `${bytes.toString('latin1')}\n${content.join('\n')}`);
  }
  for (const { issue, body, edits } of world.pulls.comments) {
    add(`comments on #${issue}`, body);
    seen.set(`edit history on #${issue}`, edits.join('\n'));
  }
  for (const { number, title, body } of world.pulls.issues) add(`issue #${number}`, `${title}\n${body}`);
  add('commit statuses', JSON.stringify(world.rest.statuses));
}
