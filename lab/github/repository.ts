import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Bearer, loginOf } from '#lab/github/identity/tokens.ts';
import { UPDATE_HOOK } from '#lab/github/rules.ts';
import type { RunRecord } from '#lab/github/runner/run-record.ts';
import type { Runs } from '#lab/github/runner/runs.ts';
import { readDispatchInputs, readWorkflow, startsOnPush, type Workflow } from '#lab/github/runner/workflow.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** The payload of a push event: the fields that its readers use. */
export type PushPayload = Readonly<Record<string, unknown>> & { readonly ref: string; readonly after: string };

/** A reference that moved; a SHA of zeros means "not there". */
export interface RefMove {
  /** `refs/heads/main`. */
  readonly ref: string;
  readonly before: string;
  readonly after: string;
}

export const OWNER_ID = '1001';
export const REPOSITORY_ID = '2002';

/** Makes an empty repository that is served over HTTP and keeps its rules (rules.ts) when a job pushes. */
export async function createBareRepository(lab: Pick<Lab, 'exec'>, bare: string): Promise<void> {
  mkdirSync(dirname(bare), { recursive: true });
  await lab.exec(['git', 'init', '--quiet', '--bare', '--initial-branch=main', bare]);
  for (const [key, value] of [
    ['http.receivepack', 'true'],
    ['uploadpack.allowFilter', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['receive.advertiseAtomic', 'true'],
    ['gc.auto', '0'],
    // "deny updating a hidden ref"; a client sees none of them
    ['receive.hideRefs', 'refs/pull'],
  ] as const) {
    await lab.exec(['git', '-C', bare, 'config', key, value]);
  }
  mkdirSync(join(bare, 'hooks'), { recursive: true });
  for (const [name, script] of Object.entries(HOOKS)) {
    const hook = join(bare, 'hooks', name);
    writeFileSync(hook, script);
    chmodSync(hook, 0o755);
  }
}

/** `update` may refuse a move; `post-receive` tells which moves this push made, and no other push at the same time. */
const HOOKS = {
  update: UPDATE_HOOK,
  'post-receive': '#!/bin/sh\n[ -n "$SLIPWAY_RECEIVED" ] || exec cat > /dev/null\ncat >> "$SLIPWAY_RECEIVED"\n',
};

/** Reads the lines that git hands to a `post-receive` hook. */
export function parseMoves(text: string): RefMove[] {
  const lines = text.split('\n').filter(Boolean);
  return lines.map((line) => {
    const [before = '', after = '', ...ref] = line.split(' ');
    return { before, after, ref: ref.join(' ') };
  });
}

/** What the server does with its repository. */
export interface Repository {
  readWorkflows(sha: string): Promise<Workflow[]>;
  /** Starts the workflows of the branches that moved and returns the payloads; a job's own push starts none. */
  announce(moves: readonly RefMove[], bearer: Bearer): Promise<PushPayload[]>;
  /** `actor` is who asked for it. Refuses inputs that the workflow does not take. */
  dispatch(
    workflow: string,
    inputs: Readonly<Record<string, string>>,
    branch: string,
    actor: string,
  ): Promise<RunRecord>;
}

type ReadGit = (...args: string[]) => Promise<string>;

/** Opens the bare repository for the server. */
export function createRepository(lab: Lab, bare: string, name: string, runs: Runs, url: string): Repository {
  const git: ReadGit = async (...args) => (await lab.exec(['git', '-C', bare, ...args])).stdout.toString('utf8');
  const description = describeRepository(name, url);
  const readWorkflows = (sha: string): Promise<Workflow[]> => readWorkflowsAt(git, sha);
  return {
    readWorkflows,
    announce: async (moves, bearer) => {
      const payloads: PushPayload[] = [];
      for (const move of moves) {
        const isBranch = move.ref.startsWith('refs/heads/');
        if (!isBranch || move.after === NOT_THERE || move.before === move.after) continue;
        const push = await readPush(git, move, bearer, description);
        payloads.push(push.payload);
        if (bearer.kind === 'user') startOnPush(runs, await readWorkflows(move.after), push, bearer.login);
      }
      return payloads;
    },
    dispatch: async (file, inputs, branch, actor) => {
      const ref = `refs/heads/${branch}`;
      const sha = (await git('rev-parse', '--verify', `${ref}^{commit}`)).trim();
      const workflow = (await readWorkflows(sha)).find((candidate) => candidate.path.endsWith(`/${file}`));
      if (workflow === undefined) throw new Error(`${branch} has no workflow ${file}`);
      const filled = readDispatchInputs(workflow, inputs);
      const sender = { login: actor };
      const payload = { ref, inputs: filled, repository: description, sender, workflow: workflow.path };
      const title = `dispatch of ${file}`;
      return runs.start({ workflow, event: 'workflow_dispatch', ref, sha, title, actor, payload, inputs: filled });
    },
  };
}

const NOT_THERE = '0'.repeat(40);

function describeRepository(name: string, url: string): Record<string, unknown> {
  return {
    full_name: name,
    name: name.split('/')[1] ?? name,
    default_branch: 'main',
    html_url: `${url}/${name}`,
    owner: { login: name.split('/')[0] ?? '', id: Number(OWNER_ID) },
    id: Number(REPOSITORY_ID),
  };
}

async function readWorkflowsAt(git: ReadGit, sha: string): Promise<Workflow[]> {
  const names = (await git('ls-tree', '--name-only', sha, '.github/workflows/')).split('\n');
  const files = names.filter((path) => /\.ya?ml$/.test(path));
  return Promise.all(files.map(async (path) => readWorkflow(path, await git('show', `${sha}:${path}`))));
}

interface Push {
  readonly payload: PushPayload;
  /** Paths that differ between before and after. */
  readonly files: readonly string[];
  readonly message: string;
}

async function readPush(git: ReadGit, move: RefMove, bearer: Bearer, repository: unknown): Promise<Push> {
  const { ref, before, after } = move;
  const isNew = before === NOT_THERE;
  const range = isNew ? [after] : [before, after];
  const changed = await git('diff-tree', '-r', '--name-only', '--no-commit-id', '--root', ...range);
  const files = changed.split('\n').filter(Boolean);
  const [name = '', message = ''] = (await git('log', '-1', '--format=%an%x00%B', after)).split('\0');
  const login = loginOf(bearer);
  const commit = { id: after, message: message.trim(), author: { name }, added: [], removed: [], modified: files };
  const payload = {
    ref,
    before,
    after,
    created: isNew,
    deleted: false,
    forced: false,
    repository,
    sender: { login },
    pusher: { name: login },
    head_commit: commit,
    commits: [commit],
  };
  return { payload, files, message };
}

function startOnPush(runs: Runs, workflows: readonly Workflow[], push: Push, actor: string): void {
  const { payload, files } = push;
  const { ref, after: sha } = payload;
  const title = push.message.split('\n')[0] ?? '';
  for (const workflow of workflows) {
    if (!startsOnPush(workflow, ref.replace('refs/heads/', ''), files)) continue;
    runs.start({ workflow, event: 'push', ref, sha, title, actor, payload, inputs: {} });
  }
}
