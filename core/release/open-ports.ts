import { ulid } from 'ulid';
import { parsePath } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import type { Config } from '#core/config/config.ts';
import { readConfig as readConfigAt } from '#core/config/read.ts';
import { createApiTransport } from '#core/git/api-transport.ts';
import { readOriginUrl } from '#core/git/checkout.ts';
import type { Repositories } from '#core/git/common-commit.ts';
import { countSettings, withoutRepository } from '#core/git/environment.ts';
import { type GitHubApi, openGitHubApi } from '#core/git/github-api.ts';
import { openBranchPulls } from '#core/git/github-pulls.ts';
import { openGitHubTrust } from '#core/git/github-trust.ts';
import { openRemote, secretsOf } from '#core/git/remote.ts';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createGitTransport } from '#core/git/transport.ts';
import { createOverlayEditor } from '#core/overlay/edit.ts';
import { readNames as namesIn } from '#core/overlay/names.ts';
import { openRegistry } from '#core/registry/open.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { createHistory, type History } from '#core/release/history.ts';
import type { Proposing } from '#core/release/proposal.ts';
import { openRecall } from '#core/release/recall.ts';
import { createTrust, trustAll } from '#core/release/trust.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { openScratch, type Scratch } from '#core/system/scratch.ts';
import { InputError } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';
import { withPatience } from '#core/verdict/patience.ts';
import type { Verdicts } from '#core/verdict/proven.ts';
import { openVerdicts } from '#core/verdict/read-deployments.ts';

/** The git repositories of a step: the branch's newest tree, and its history. */
export interface BranchPorts {
  /** The branch's newest commit with its tree. */
  readonly git: Git;
  readonly history: History;
  /** Reads slipway.yaml at a commit whose tree is here. */
  readonly readConfig: (commit: CommitSha) => Promise<Config>;
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
    throw new InputError(
      'transport',
      transport,
      'is neither git nor api: give git, or api where GitHub must sign the commits',
    );
  return {
    config: parsePath('config', config),
    token,
    transport: transport === 'api' ? 'api' : 'git',
    identity: parseIdentity(identity),
  };
}

/** Returns the login that the pipeline's token writes as; the job's own where it is empty. */
export function parseIdentity(text: string): string {
  return text === '' ? 'github-actions[bot]' : text;
}

/** Where a writer works: a checkout whose origin it writes to, and what its processes and messages need. */
export interface Workplace {
  /** A folder of the checkout, or of a clone; nothing in it changes. */
  readonly checkout: string;
  /** Where scratch folders may be made. */
  readonly temp: string;
  /** The whole environment of git, kustomize and the registry's login. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly log: Log;
  /** Hides a value in everything that is printed from now on. */
  readonly mask: (secret: string) => void;
  /** For http(s) remotes on `serverUrl`; empty where git's own credentials are used. */
  readonly token: string;
  /** The server that the token belongs to, and that alone gets it: GITHUB_SERVER_URL. */
  readonly serverUrl: string;
  /** How long a registry that does not answer is asked again, in milliseconds; 30 s where it is not given. */
  readonly registryDeadlineMs?: number;
}

/** Who asks for an intent, and from where. */
export interface Asker extends Pick<AskPorts, 'actor' | 'runUrl' | 'isByHand'> {
  /** Written into the commits, as `Name <address>`; the pipeline's own identity where it is not given. */
  readonly identity?: string;
  /** What runs, as GitHub says; where it is not given, it is not asked. */
  readonly verdicts?: Verdicts;
}

/** Returns the workplace of a step. */
export function workplaceOf({ environment, log, mask }: Runner, token: string): Workplace {
  const { workspace: checkout, temp, all, serverUrl } = environment;
  return { checkout, temp, environment: all, log, mask, token, serverUrl };
}

/** Opens {@link openWriter} for a step. */
export function openAskPorts(runner: Runner, options: WriterOptions): Promise<Opened<AskPorts>> {
  const { runUrl, actor, eventName } = runner.environment;
  const asker = { runUrl, actor, isByHand: eventName === 'workflow_dispatch' };
  const place = workplaceOf(runner, options.token);
  return openWriter(place, asker, options.config, connectToGitHub(runner, options));
}

/** Opens what asks for an intent and lands it: the branch, the registry, kustomize, and who is asking. */
export function openWriter(
  place: Workplace,
  asker: Asker,
  config: string,
  { transportOf, ...connection }: Connection = connectByGit(asker),
): Promise<Opened<AskPorts>> {
  return openInScratch(place, 'landing', async (scratch, exec) => {
    const branch = await openBranchPorts(place, config, scratch, exec, connection.proposing);
    const { git } = branch;
    const { environment, mask, log, registryDeadlineMs: deadlineMs } = place;
    const patience = deadlineMs === undefined ? {} : { deadlineMs };
    const registryDeps = { environment, mask, clock: systemClock, say: log.info, ...patience };
    const opened = new Map<string, Promise<Registry>>(); // one login serves all
    const openOnce = (location: RegistryLocation): Promise<Registry> => {
      const key = JSON.stringify(location);
      const opening = opened.get(key) ?? openRegistry(location, registryDeps);
      opened.set(key, opening);
      return opening;
    };
    const { runUrl, actor, isByHand } = asker;
    return {
      ...branch,
      editor: createOverlayEditor({ git, exec, folder: scratch.folder, openRegistry: openOnce }),
      configPath: config,
      clock: systemClock,
      log,
      random: Math.random,
      ...connection,
      transport: transportOf(git),
      openRegistry: openOnce,
      newIntent: ulid,
      runUrl,
      actor,
      isByHand,
    };
  });
}

/** How a writer reaches the branch, and whose intents it folds. */
interface Connection extends Pick<AskPorts, 'trust' | 'proposing' | 'verdicts'> {
  readonly transportOf: (git: Git) => AskPorts['transport'];
}

/** By plain git, which cannot be asked about a branch's rules; what runs is asked of GitHub where it can be. */
function connectByGit({ identity, verdicts }: Asker): Connection {
  const transportOf = (git: Git) => createGitTransport(git, identity);
  return { transportOf, trust: trustAll, ...(verdicts && { verdicts }) };
}

/** By plain git, or by GitHub's API; what GitHub vouches for is asked wherever there is an API. */
function connectToGitHub(runner: Runner, { token, transport, identity }: WriterOptions): Connection {
  const api = openApi(runner, token);
  if (transport === 'api' && api === undefined) {
    throw new InputError(
      'transport',
      transport,
      "needs GitHub's API, and GITHUB_API_URL or GITHUB_GRAPHQL_URL is empty: give git",
    );
  }
  if (api === undefined || (token === '' && transport === 'git')) {
    return { transportOf: (git) => createGitTransport(git), trust: trustAll };
  }
  return {
    transportOf: (git) => (transport === 'api' ? createApiTransport(api, runner.log) : createGitTransport(git)),
    trust: createTrust(openGitHubTrust(api), identity, runner.log),
    proposing: { pulls: openBranchPulls(api), identity },
    verdicts: withPatience(openVerdicts(api)),
  };
}

/** Opens GitHub's API, the same for all that a step asks: a rate limit that one of them meets binds the others. */
function openApi({ environment: { all, repository }, log }: Runner, token: string): GitHubApi | undefined {
  const [apiUrl, graphqlUrl] = [all['GITHUB_API_URL'] ?? '', all['GITHUB_GRAPHQL_URL'] ?? ''];
  if (apiUrl === '' || graphqlUrl === '') return undefined;
  return openGitHubApi({ apiUrl, graphqlUrl, repository, token, clock: systemClock, log });
}

/** Opens the pull requests that a step may read releases from; undefined where there is no API, or no token for it. */
export function openProposing(
  runner: Runner,
  { token, identity }: Pick<WriterOptions, 'token' | 'identity'>,
): Proposing | undefined {
  const api = token === '' ? undefined : openApi(runner, token);
  return api && { pulls: openBranchPulls(api), identity };
}

/** Opens ports in scratch folders below `temp`; closing removes the folders. */
export async function openInScratch<Ports>(
  { temp, environment }: Pick<Workplace, 'temp' | 'environment'>,
  purpose: string,
  open: (scratch: Scratch, exec: Exec) => Promise<Ports>,
): Promise<Opened<Ports>> {
  const scratch = await openScratch(temp, purpose);
  try {
    return { ports: await open(scratch, createExec(withoutRepository(environment))), close: scratch.remove };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}

/**
 * Opens the checkout's remote in three bare repositories of our own: the branch's newest tree, commits alone, and trees
 * of past commits. The checkout lends its objects to the first; its work tree is not touched. What a squash lost of a release
 * is read from its pull request, where `proposing` is given.
 */
export async function openBranchPorts(
  place: Workplace,
  config: string,
  scratch: Scratch,
  exec: Exec,
  proposing?: Proposing,
): Promise<BranchPorts> {
  const { log } = place;
  const openGit = await openRemoteGits(place, scratch, exec);
  const [git, commits, past] = await Promise.all([openGit({ borrow: place.checkout }), openGit(), openGit()]);
  const readConfig = openConfigReader(git, config);
  const readNames = async (head: CommitSha) => namesIn(await readConfig(head));
  const recall = proposing && openRecall(proposing, readConfig);
  return { git, history: createHistory({ git, commits, past, readNames, log, recall }), readConfig };
}

/** Opens the checkout's remote in two bare repositories of our own: trees, to which the checkout lends its objects, and commits alone. */
export async function openRepositories(place: Workplace, scratch: Scratch, exec: Exec): Promise<Repositories> {
  const openGit = await openRemoteGits(place, scratch, exec);
  const [git, commits] = await Promise.all([openGit({ borrow: place.checkout }), openGit()]);
  return { git, commits };
}

/** Returns what opens bare repositories of our own on the checkout's remote, whose secrets are masked from now on. */
async function openRemoteGits(
  { checkout, environment, log, mask, token, serverUrl }: Workplace,
  scratch: Scratch,
  exec: Exec,
): Promise<(more?: { borrow?: string }) => Promise<Git>> {
  const remote = openRemote(await readOriginUrl(exec, checkout), token, serverUrl);
  for (const secret of secretsOf(remote)) mask(secret);
  if (remote.withheld !== undefined) log.info(remote.withheld);
  const configCount = countSettings(withoutRepository(environment));
  return async (more = {}) => {
    const git = createScratchGit({ exec, dir: await scratch.folder(), remote, configCount, ...more });
    scratch.beforeRemoval(git.close);
    return git;
  };
}

/** A commit's slipway.yaml is asked for again and again, and is always the same. */
function openConfigReader(git: Git, path: string): BranchPorts['readConfig'] {
  const read = new Map<CommitSha, Promise<Config>>();
  return (commit) => {
    const known = read.get(commit);
    if (known !== undefined) return known;
    const reading = readConfigAt(openCommit(git, commit), path);
    read.set(commit, reading);
    reading.catch(() => read.delete(commit)); // its tree may come later
    return reading;
  };
}
