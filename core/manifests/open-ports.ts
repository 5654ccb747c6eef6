import { createKubeconform } from '#core/manifests/kubeconform.ts';
import type { PreviewPorts } from '#core/manifests/preview.ts';
import { type Opened, openInScratch, openRepositories, type Workplace } from '#core/release/open-ports.ts';
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
    const { environment, log } = place;
    const bare = createExec(withoutSecrets(environment));
    const check =
      kubeconform === '' ? undefined : createKubeconform(kubeconform, schemas, { exec: bare, folder: scratch.folder });
    return {
      ...(await openRepositories(place, scratch, exec)),
      exec: bare,
      folder: scratch.folder,
      check,
      log,
    };
  });
}
