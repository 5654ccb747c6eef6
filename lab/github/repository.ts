import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { RunRecord, Runs } from '#lab/github/runs.ts';
import type { Bearer } from '#lab/github/tokens.ts';
import { parseWorkflow, readDispatchInputs, startsOnPush, type Workflow } from '#lab/github/workflow.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

/** The payload of a push event, as far as its readers need it. */
export type PushPayload = Readonly<Record<string, unknown>> & { readonly ref: string; readonly after: string };

export const OWNER_ID = '1001';
export const REPOSITORY_ID = '2002';

/** Makes an empty repository that is served over HTTP and refuses job tokens on the branches listed in its file `protected`. */
export async function createBareRepository(lab: Lab, bare: string): Promise<void> {
  mkdirSync(dirname(bare), { recursive: true });
  await lab.exec(['git', 'init', '--quiet', '--bare', '--initial-branch=main', bare]);
  for (const [key, value] of [
    ['http.receivepack', 'true'],
    ['uploadpack.allowFilter', 'true'],
    ['uploadpack.allowAnySHA1InWant', 'true'],
    ['receive.advertiseAtomic', 'true'],
    ['gc.auto', '0'],
  ] as const) {
    await lab.exec(['git', '-C', bare, 'config', key, value]);
  }
  const hook = join(bare, 'hooks', 'update');
  mkdirSync(dirname(hook), { recursive: true });
  writeFileSync(
    hook,
    '#!/bin/sh\nif [ "$SLIPWAY_BEARER" = job ] && grep -qxF "$1" "$GIT_DIR/protected" 2>/dev/null; then\n  echo "error: GH006: Protected branch update failed for $1." >&2\n  exit 1\nfi\n',
  );
  chmodSync(hook, 0o755);
}

/** What the server does with its repository. */
export interface Repository {
  readWorkflows(sha: string): Promise<Workflow[]>;
  readHeads(): Promise<Map<string, string>>;
  /** Starts the workflows of what moved and returns the payloads; a job's own push starts none. */
  announce(
    before: ReadonlyMap<string, string>,
    after: ReadonlyMap<string, string>,
    bearer: Bearer,
  ): Promise<PushPayload[]>;
  dispatch(workflow: string, inputs: Readonly<Record<string, string>>, branch: string): Promise<RunRecord>;
}

/** Opens the bare repository for the server. */
export function createRepository(lab: Lab, bare: string, name: string, runs: Runs, url: string): Repository {
  const git = async (...args: string[]): Promise<string> =>
    (await lab.exec(['git', '-C', bare, ...args])).stdout.toString('utf8');
  const describe = {
    full_name: name,
    name: name.split('/')[1] ?? name,
    default_branch: 'main',
    html_url: `${url}/${name}`,
    owner: { login: name.split('/')[0] ?? '', id: Number(OWNER_ID) },
    id: Number(REPOSITORY_ID),
  };
  const readWorkflows = async (sha: string): Promise<Workflow[]> => {
    const names = (await git('ls-tree', '--name-only', sha, '.github/workflows/'))
      .split('\n')
      .filter((path) => /\.ya?ml$/.test(path));
    return Promise.all(names.map(async (path) => parseWorkflow(path, await git('show', `${sha}:${path}`))));
  };
  return {
    readWorkflows,
    readHeads: async () => {
      const lines = (await git('for-each-ref', '--format=%(refname) %(objectname)', 'refs/heads/'))
        .split('\n')
        .filter(Boolean);
      return new Map(lines.map((line) => [line.split(' ')[0] ?? '', line.split(' ')[1] ?? '']));
    },
    announce: async (before, after, bearer) => {
      const payloads: PushPayload[] = [];
      for (const [ref, sha] of after) {
        const old = before.get(ref);
        if (old === sha) continue;
        const files = (
          await git(
            'diff-tree',
            '-r',
            '--name-only',
            '--no-commit-id',
            '--root',
            ...(old === undefined ? [sha] : [old, sha]),
          )
        )
          .split('\n')
          .filter(Boolean);
        const [author = '', message = ''] = (await git('log', '-1', '--format=%an%x00%B', sha)).split('\0');
        const login = bearer.kind === 'user' ? bearer.login : 'github-actions[bot]';
        const payload = {
          ref,
          before: old ?? '0'.repeat(40),
          after: sha,
          created: old === undefined,
          deleted: false,
          forced: false,
          repository: describe,
          sender: { login },
          pusher: { name: login },
          head_commit: {
            id: sha,
            message: message.trim(),
            author: { name: author },
            added: [],
            removed: [],
            modified: files,
          },
          commits: [{ id: sha, message: message.trim(), added: [], removed: [], modified: files }],
        };
        payloads.push(payload);
        if (bearer.kind === 'job') continue;
        const branch = ref.replace('refs/heads/', '');
        for (const workflow of await readWorkflows(sha)) {
          if (!startsOnPush(workflow, branch, files)) continue;
          runs.start({
            workflow,
            event: 'push',
            ref,
            sha,
            title: message.split('\n')[0] ?? '',
            actor: login,
            payload,
            inputs: {},
          });
        }
      }
      return payloads;
    },
    dispatch: async (file, inputs, branch) => {
      const sha = (await git('rev-parse', '--verify', `refs/heads/${branch}^{commit}`)).trim();
      const workflow = (await readWorkflows(sha)).find((candidate) => candidate.path.endsWith(`/${file}`));
      if (workflow === undefined) throw new Error(`${branch} has no workflow ${file}`);
      const filled = readDispatchInputs(workflow, inputs);
      const payload = {
        ref: `refs/heads/${branch}`,
        inputs: filled,
        repository: describe,
        sender: { login: 'octocat' },
        workflow: workflow.path,
      };
      return runs.start({
        workflow,
        event: 'workflow_dispatch',
        ref: `refs/heads/${branch}`,
        sha,
        title: `dispatch of ${file}`,
        actor: 'octocat',
        payload,
        inputs: filled,
      });
    },
  };
}
