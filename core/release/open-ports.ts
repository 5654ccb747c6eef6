import { ulid } from 'ulid';
import type { Runner } from '#core/action/runner.ts';
import { readConfig } from '#core/config/read.ts';
import { basicCredentials, readOriginUrl } from '#core/git/remote.ts';
import { createScratchGit, type Git } from '#core/git/repository.ts';
import { createGitTransport } from '#core/git/transport.ts';
import { createOverlayEditor } from '#core/overlay/edit.ts';
import { openRegistry } from '#core/registry/open.ts';
import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { createHistory, type History } from '#core/release/history.ts';
import { openCommit } from '#core/source/source-tree.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import type { Log } from '#core/system/log.ts';
import { openScratch, type Scratch } from '#core/system/scratch.ts';

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
  /** For http(s) remotes; empty where git's own credentials are used. */
  readonly token: string;
  /** How long a registry that does not answer is asked again, in milliseconds; 30 s where it is not given. */
  readonly registryDeadlineMs?: number;
}

/** Who asks for an intent, and from where. */
export interface Asker extends Pick<AskPorts, 'actor' | 'runUrl' | 'isByHand'> {
  /** Written into the commits, as `Name <address>`; the pipeline's own identity where it is not given. */
  readonly identity?: string;
}

/** Returns the workplace of a step. */
export function workplaceOf({ environment, log, mask }: Runner, token: string): Workplace {
  const { workspace: checkout, temp, all } = environment;
  return { checkout, temp, environment: all, log, mask, token };
}

/** Opens {@link openWriter} for a step. */
export function openAskPorts(runner: Runner, options: { token: string; config: string }): Promise<Opened<AskPorts>> {
  const { runUrl, actor, eventName } = runner.environment;
  const asker = { runUrl, actor, isByHand: eventName === 'workflow_dispatch' };
  return openWriter(workplaceOf(runner, options.token), asker, options.config);
}

/** Opens what asks for an intent and lands it: the branch, the registry, kustomize, and who is asking. */
export function openWriter(place: Workplace, asker: Asker, config: string): Promise<Opened<AskPorts>> {
  return openInScratch(place, 'landing', async (scratch, exec) => {
    const { git, history } = await openBranchPorts(place, scratch, exec);
    const { environment, mask, log, registryDeadlineMs: deadlineMs } = place;
    const patience = deadlineMs === undefined ? {} : { deadlineMs };
    const registryDeps = { environment, mask, clock: systemClock, ...patience };
    const opened = new Map<string, Promise<Registry>>(); // one login serves all
    const openOnce = (location: RegistryLocation): Promise<Registry> => {
      const key = JSON.stringify(location);
      const opening = opened.get(key) ?? openRegistry(location, registryDeps);
      opened.set(key, opening);
      return opening;
    };
    const { runUrl, actor, isByHand, identity } = asker;
    return {
      git,
      history,
      editor: createOverlayEditor({ git, exec, folder: scratch.folder, openRegistry: openOnce }),
      readConfig: (head) => readConfig(openCommit(git, head), config),
      configPath: config,
      clock: systemClock,
      log,
      random: Math.random,
      transport: createGitTransport(git, identity),
      trust: async (open) => open,
      openRegistry: openOnce,
      newIntent: ulid,
      runUrl,
      actor,
      isByHand,
    };
  });
}

/** Opens ports in scratch folders below `temp`; closing removes the folders. */
export async function openInScratch<Ports>(
  { temp, environment }: Pick<Workplace, 'temp' | 'environment'>,
  purpose: string,
  open: (scratch: Scratch, exec: Exec) => Promise<Ports>,
): Promise<Opened<Ports>> {
  const scratch = await openScratch(temp, purpose);
  try {
    return { ports: await open(scratch, createExec(environment)), close: scratch.remove };
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
  { checkout, environment, log, mask, token }: Workplace,
  scratch: Scratch,
  exec: Exec,
): Promise<BranchPorts> {
  for (const secret of [token, basicCredentials(token)]) if (secret !== '') mask(secret);
  const remote = { url: await readOriginUrl(exec, checkout), token };
  const configCount = Number.parseInt(environment['GIT_CONFIG_COUNT'] ?? '0', 10) || 0;
  const openGit = async (more: { borrow?: string } = {}): Promise<Git> =>
    createScratchGit({ exec, dir: await scratch.folder(), remote, configCount, ...more });
  const [git, commits, past] = await Promise.all([openGit({ borrow: checkout }), openGit(), openGit()]);
  return { git, history: createHistory({ git, commits, past, log }) };
}
