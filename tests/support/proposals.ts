import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { BranchPulls } from '#core/git/github-pulls.ts';
import type { AskPorts } from '#core/release/ask.ts';
import type { MergeAsked } from '#lab/github/pulls/merge.ts';
import type { PullRecord } from '#lab/github/pulls/records.ts';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { type GitHubStage, openGitHubStage } from '#tests/support/github.ts';
import { configure, resetTo } from '#tests/support/stage.ts';
import { bump, hold, promote, reconcile, rollBack, type WriterOptions } from '#tests/support/writers.ts';

type Inputs = Readonly<Record<string, string>>;

const PERSON = { kind: 'user', login: 'octocat' } as const;

/** A stage whose main nobody but a person may push to, and whose environments take pull requests. */
export interface ProposalStage extends GitHubStage {
  /** Token of a job that may write branches and pull requests. */
  readonly token: string;
  /** Takes the branch back, and all pull requests. */
  again(): void;
  /** Commits a change of the app and proposes a build of it. */
  push(text: string, inputs?: Inputs, options?: WriterOptions): Promise<Pushed>;
  bump(digest: string, inputs?: Inputs, options?: WriterOptions): ReturnType<typeof bump>;
  rollBack(inputs?: Inputs): ReturnType<typeof rollBack>;
  hold(inputs?: Inputs): ReturnType<typeof hold>;
  promote(inputs?: Inputs): ReturnType<typeof promote>;
  reconcile(): ReturnType<typeof reconcile>;
  /** The pull requests that are open. */
  open(): PullRecord[];
  /** Merges the one that is open, as a person does on its page; returns the commit on main. */
  merge(method?: MergeAsked['method'], message?: string): Promise<string>;
  /** Closes the one that is open, or opens a closed one again, as a person does. */
  turn(state: 'open' | 'closed', number?: number): Promise<void>;
  /** What an environment's own branch says of the image. */
  proposed(environment?: string): string;
  /** Puts a commit of a person onto a branch, and tells GitHub. */
  commitTo(branch: string, files: Readonly<Record<string, string>>, message: string): string;
}

/** A push, and what became of it. */
export interface Pushed extends Awaited<ReturnType<typeof bump>> {
  readonly digest: string;
  readonly source: string;
}

/** Opens the stage; `settings` are those of each environment. */
export async function openProposalStage(settings: Readonly<Record<string, string>>): Promise<ProposalStage> {
  const stage = await openGitHubStage({ images: ['discord-bot'], environments: Object.keys(settings) });
  for (const [environment, text] of Object.entries(settings)) configure(stage, environment, text);
  const { tenant, github } = stage;
  const { pulls, rules } = github;
  const base = tenant.remoteGit('rev-parse', 'main');
  const token = github.tokenOf({ contents: 'write', 'pull-requests': 'write', deployments: 'read' });
  rules.protect('refs/heads/main');
  const open = () => pulls.all.filter(({ state }) => state === 'open');
  const one = (): PullRecord => {
    const [pull, ...others] = open();
    if (pull === undefined || others.length > 0) throw new Error(`${open().length} pull requests are open`);
    return pull;
  };
  const fast = { change: jumpOverPauses };
  return {
    ...stage,
    token,
    open,
    again: () => {
      resetTo(base, tenant);
      (pulls.all as PullRecord[]).length = 0; // only here are they taken back
      Object.assign(pulls.settings, { allowAutoMerge: false, requiredContexts: [], squashMessage: 'COMMIT_MESSAGES' });
    },
    push: async (text, inputs = {}, options = {}) => {
      const source = tenant.commit({ 'app/main.js': `// ${text}\n` }, text);
      const digest = tenant.push('discord-bot', text);
      const written = await bump(
        tenant,
        { images: `discord-bot=${digest}`, token, ...inputs },
        { ...fast, ...options },
      );
      return { digest, source, ...written };
    },
    bump: (digest, inputs = {}, options = {}) =>
      bump(tenant, { images: `discord-bot=${digest}`, token, ...inputs }, { ...fast, ...options }),
    rollBack: (inputs = {}) => rollBack(tenant, { token, ...inputs }),
    hold: (inputs = {}) => hold(tenant, { image: 'discord-bot', token, ...inputs }),
    promote: (inputs = {}) => promote(tenant, { token, ...inputs }),
    reconcile: () => reconcile(tenant, { token }),
    merge: async (method = 'merge', message) => {
      const pull = one();
      const merged = await pulls.merge(pull, { method, sha: undefined, title: undefined, message }, PERSON);
      if ('status' in merged) throw new Error(merged.message);
      return merged.sha;
    },
    turn: async (state, number) => {
      const pull = number === undefined ? one() : pulls.find(number);
      const refusal = pull && (await pulls.turn(pull, state, PERSON));
      if (refusal !== undefined) throw new Error(refusal.message);
    },
    proposed: (environment = 'production') =>
      tenant.remoteGit('show', `slipway/${environment}:overlays/${environment}/kustomization.yaml`),
    commitTo: (branch, files, message) => commitTo(stage, branch, files, message),
  };
}

/** Lets a run end where it would open a pull request, as one that is killed there. */
export function killAtCreation(ports: AskPorts): AskPorts {
  return around(ports, () => ({ create: () => Promise.reject(new Error('killed')) }));
}

/** Replaces what a run has of the pull requests. */
function around(ports: AskPorts, change: (pulls: BranchPulls) => Partial<BranchPulls>): AskPorts {
  const { proposing } = jumpOverPauses(ports);
  if (proposing === undefined) throw new Error('the run has no GitHub');
  return {
    ...jumpOverPauses(ports),
    proposing: { ...proposing, pulls: { ...proposing.pulls, ...change(proposing.pulls) } },
  };
}

function commitTo(
  { tenant, github }: GitHubStage,
  branch: string,
  files: Readonly<Record<string, string>>,
  message: string,
): string {
  const { git, remoteGit, remote, clone } = tenant;
  git('fetch', '-q', 'origin');
  git('checkout', '-q', '-B', 'theirs', `origin/${branch}`);
  const before = remoteGit('rev-parse', branch);
  for (const [path, text] of Object.entries(files)) writeFileSync(join(clone, path), text);
  git('add', '-A');
  git('commit', '-q', '-m', message);
  const after = git('rev-parse', 'HEAD');
  git('push', '-q', remote, `theirs:${branch}`);
  git('checkout', '-q', 'main');
  void github.pulls.noteMoves('acme/tenant', [{ ref: `refs/heads/${branch}`, before, after }], PERSON);
  return after;
}
