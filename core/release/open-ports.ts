import type { Runner } from '#core/action/runner.ts';
import { readConfigAt } from '#core/config/read.ts';
import { basicCredentials, readOriginUrl } from '#core/git/remote.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { createOverlayEditor } from '#core/overlay/edit.ts';
import { openRegistry } from '#core/registry/open.ts';
import { createHistory } from '#core/release/history.ts';
import type { LandingPorts } from '#core/release/land.ts';
import { systemClock } from '#core/system/clock.ts';
import { createExec } from '#core/system/exec.ts';
import { openScratch } from '#core/system/scratch.ts';

/** The real ports of a write to an environment, and what takes their folders away again. */
export interface OpenedPorts {
  readonly ports: LandingPorts;
  close(): Promise<void>;
}

/**
 * Opens what a writer needs: two bare repositories of its own in the runner's temporary folder (one with the branch's
 * newest tree, one with commits only), the registry and kustomize. The checkout's work tree is not touched.
 */
export async function openLandingPorts(
  runner: Runner,
  options: { token: string; config: string },
): Promise<OpenedPorts> {
  const { environment } = runner;
  for (const secret of [options.token, basicCredentials(options.token)]) if (secret !== '') runner.mask(secret);
  const exec = createExec(environment.all);
  const scratch = await openScratch(environment.temp, 'landing');
  try {
    const remote = { url: await readOriginUrl(exec, environment.workspace), token: options.token };
    const configCount = Number.parseInt(environment.all['GIT_CONFIG_COUNT'] ?? '0', 10) || 0;
    const [git, commits] = await Promise.all([
      scratch
        .folder()
        .then((dir) => createScratchGit({ exec, dir, remote, configCount, borrow: environment.workspace })),
      scratch.folder().then((dir) => createScratchGit({ exec, dir, remote, configCount })),
    ]);
    const registryDeps = { environment: environment.all, mask: runner.mask, clock: systemClock };
    const editor = createOverlayEditor({
      git,
      exec,
      folder: scratch.folder,
      openRegistry: (config) => openRegistry(config, registryDeps),
    });
    return {
      ports: {
        git,
        history: createHistory(commits),
        editor,
        readConfig: (commit) => readConfigAt(git, commit, options.config),
        clock: systemClock,
        log: runner.log,
        random: Math.random,
      },
      close: scratch.remove,
    };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
