import { ulid } from 'ulid';
import { parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { readConfig } from '#core/config/read.ts';
import { createApiTransport } from '#core/git/api-transport.ts';
import { openGitHubTrust } from '#core/git/github-trust.ts';
import { basicCredentials, readOriginUrl } from '#core/git/remote.ts';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createGitTransport } from '#core/git/transport.ts';
import { createOverlayEditor } from '#core/overlay/edit.ts';
import { openRegistry } from '#core/registry/open.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { createHistory, type History } from '#core/release/history.ts';

import { createTrust, trustAll } from '#core/release/trust.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import { openScratch, type Scratch } from '#core/system/scratch.ts';
import { InputError } from '#core/values/errors.ts';

/** The git repositories of a step: the branch's newest tree, and its history. */
export interface BranchPorts {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  readonly history: History;
}

/** What opened ports need to be closed. */
export interface Opened<Ports> {
  readonly ports: Ports;
  close(): Promise<void>;
}

/** The inputs that every writing action has for its connection. */
export interface WriterOptions {
  /** slipway.yaml's path. */
  readonly config: string;
  readonly token: string;
  readonly transport: 'git' | 'api';
  /** Login whose signed intents are folded on a protected branch. */
  readonly identity: string;
}

/** Returns those inputs, checked; an empty transport is git, an empty identity the job's own. */
export function parseWriterOptions(inputs: Readonly<Record<keyof WriterOptions, string>>): WriterOptions {
  const { config, token, transport, identity } = inputs;
  if (transport !== 'git' && transport !== 'api' && transport !== '')
    throw new InputError('transport', transport, 'is neither git nor api: git works everywhere, api signs');
  return {
    config: parsePath('config', config),
    token,
    transport: transport === 'api' ? 'api' : 'git',
    identity: identity === '' ? 'github-actions[bot]' : identity,
  };
}

/** Opens what asks for an intent and lands it: the branch, the registry, kustomize, and who is asking. */
export function openAskPorts(runner: Runner, options: WriterOptions): Promise<Opened<AskPorts>> {
  return openInScratch(runner, 'landing', async (scratch, exec) => {
    const { git, history } = await openBranchPorts(runner, options.token, scratch, exec);
    const { all, runUrl, actor, eventName } = runner.environment;
    const registryDeps = { environment: all, mask: runner.mask, clock: systemClock };
    const opened = new Map<string, Promise<Registry>>(); // one login serves all
    const openOnce = (location: RegistryLocation): Promise<Registry> => {
      const key = JSON.stringify(location);
      const opening = opened.get(key) ?? openRegistry(location, registryDeps);
      opened.set(key, opening);
      return opening;
    };
    const editor = createOverlayEditor({ git, exec, folder: scratch.folder, openRegistry: openOnce });
    return {
      git,
      history,
      editor,
      readConfig: (head) => readConfig(openCommit(git, head), options.config),
      configPath: options.config,
      clock: systemClock,
      log: runner.log,
      random: Math.random,
      ...openTransport(git, runner, options),
      openRegistry: openOnce,
      newIntent: ulid,
      runUrl,
      actor,
      isByHand: eventName === 'workflow_dispatch',
    };
  });
}

/** By plain git, or by GitHub's API; what GitHub vouches for is asked wherever there is an API. */
function openTransport(git: Git, runner: Runner, { token, transport, identity }: WriterOptions) {
  const { all, repository } = runner.environment;
  const [apiUrl, graphqlUrl] = [all['GITHUB_API_URL'] ?? '', all['GITHUB_GRAPHQL_URL'] ?? ''];
  const github = { apiUrl, graphqlUrl, repository, token, clock: systemClock, log: runner.log };
  if (transport === 'api' && (apiUrl === '' || graphqlUrl === '')) {
    throw new InputError('transport', transport, "needs GitHub's API, and GITHUB_API_URL is empty: use git");
  }
  const hasApi = apiUrl !== '' && graphqlUrl !== '' && token !== '';
  return {
    transport: transport === 'api' ? createApiTransport(github) : createGitTransport(git),
    trust: hasApi ? createTrust(openGitHubTrust(github), identity, runner.log) : trustAll,
  };
}

/** Opens ports in scratch folders of the runner's temporary folder; closing removes the folders. */
export async function openInScratch<Ports>(
  runner: Runner,
  purpose: string,
  open: (scratch: Scratch, exec: Exec) => Promise<Ports>,
): Promise<Opened<Ports>> {
  const scratch = await openScratch(runner.environment.temp, purpose);
  try {
    return { ports: await open(scratch, createExec(runner.environment.all)), close: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/**
 * Opens the checkout's remote in three bare repositories of our own: the branch's newest tree, commits alone, and trees
 * of past commits. The checkout lends its objects to the first; its work tree is not touched.
 */
export async function openBranchPorts(
  runner: Runner,
  token: string,
  scratch: Scratch,
  exec: Exec,
): Promise<BranchPorts> {
  const { workspace, all } = runner.environment;
  for (const secret of [token, basicCredentials(token)]) if (secret !== '') runner.mask(secret);
  const remote = { url: await readOriginUrl(exec, workspace), token };
  const configCount = Number.parseInt(all['GIT_CONFIG_COUNT'] ?? '0', 10) || 0;
  const openGit = async (more: { borrow?: string } = {}): Promise<Git> =>
    createScratchGit({ exec, dir: await scratch.folder(), remote, configCount, ...more });
  const [git, commits, past] = await Promise.all([openGit({ borrow: workspace }), openGit(), openGit()]);
  return { git, history: createHistory({ git, commits, past, log: runner.log }) };
}
