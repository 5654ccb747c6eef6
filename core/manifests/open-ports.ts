import { readOriginUrl } from '#core/git/checkout.ts';
import { countSettings, withoutRepository } from '#core/git/environment.ts';
import { openRemote, secretsOf } from '#core/git/remote.ts';
import { createScratchGit } from '#core/git/repository.ts';
import { createKubeconform } from '#core/manifests/kubeconform.ts';
import type { PreviewPorts } from '#core/manifests/preview.ts';
import { type Opened, openInScratch, type Workplace } from '#core/release/open-ports.ts';
import { createExec } from '#core/system/exec.ts';

/** How schemas are checked. */
export interface SchemaOptions {
  /** The program; empty where they are not checked. */
  readonly kubeconform: string;
  /** kubeconform's schema locations; its own where there are none. */
  readonly schemas: readonly string[];
}

/**
 * What the programs get that read a change: with kustomize's load restrictor off it can have them print their own
 * variables, and some versions of kustomize look up those that an env file names. The step's tokens are among them.
 */
const PASSED =
  /^(PATH|HOME|TMPDIR|LANG|LC_\w+|(HTTPS?|NO|ALL)_PROXY|SSL_CERT_(FILE|DIR)|GIT_SSH(_COMMAND)?|GIT_CONFIG_NOSYSTEM|SSH_AUTH_SOCK|XDG_\w+)$/i;

function withoutSecrets(environment: Workplace['environment']): Workplace['environment'] {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => PASSED.test(name)));
}

/** Opens the checkout's commits and its remote for a preview, and kustomize; closing removes the scratch folders. */
export function openPreviewPorts(
  place: Workplace,
  { kubeconform, schemas }: SchemaOptions,
): Promise<Opened<PreviewPorts>> {
  return openInScratch(place, 'preview', async (scratch, exec) => {
    const { checkout, environment, mask, log, token, serverUrl } = place;
    const remote = openRemote(await readOriginUrl(exec, checkout), token, serverUrl);
    for (const secret of secretsOf(remote)) mask(secret);
    if (remote.withheld !== undefined) log.info(remote.withheld);
    const configCount = countSettings(withoutRepository(environment));
    const [dir, history] = await Promise.all([scratch.folder(), scratch.folder()]);
    const bare = createExec(withoutSecrets(environment));
    const check =
      kubeconform === '' ? undefined : createKubeconform(kubeconform, schemas, { exec: bare, folder: scratch.folder });
    return {
      git: createScratchGit({ exec, dir, remote, configCount, borrow: checkout }),
      commits: createScratchGit({ exec, dir: history, remote, configCount }),
      exec: bare,
      folder: scratch.folder,
      check,
      log,
    };
  });
}
