import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { World } from '#lab/world.ts';

/** A person's own clone, and what is typed in it. */
export interface Terminal {
  /** Types `npm run -s slipway --` with these words; returns what it prints. */
  slipway(...words: readonly string[]): Promise<string>;
  /** Takes back the newest commit that changed an environment's overlay, by git alone. */
  revert(environment: string): Promise<void>;
  /** Has Argo CD look at git now, as the runbook for a rollback says. */
  refresh(environment: string): Promise<void>;
}

/** Opens a clone of the world's repository, for a person whom git knows by name. */
export async function openTerminal({ lab, github, aws, delivery }: World): Promise<Terminal> {
  const clone = join(lab.folder('terminal'), 'clone');
  const git = (...words: readonly string[]) => lab.exec(['git', '-C', clone, ...words]);
  await lab.exec(['rm', '-rf', clone]);
  await lab.exec(['git', 'clone', '--quiet', github.remote, clone]);
  await git('config', 'user.name', 'A Person');
  await git('config', 'user.email', 'person@example.com');
  return {
    slipway: async (...words) => {
      const argv = [process.execPath, join(repositoryRoot, 'commands/slipway.ts'), ...words] as const;
      const { stdout } = await lab.exec([...argv, '--repository', clone], { extraEnv: aws.adminEnv });
      return stdout.toString('utf8');
    },
    revert: async (environment) => {
      await git('pull', '--quiet', '--rebase');
      const { stdout } = await git('log', '-1', '--format=%H', '--', `overlays/${environment}`);
      await git('revert', '--no-edit', stdout.toString('utf8').trim());
      await git('push', '--quiet');
    },
    refresh: async (environment) => {
      const page = readFileSync(join(repositoryRoot, 'docs/runbooks/rollback.md'), 'utf8');
      const [line = ''] = /^ *kubectl annotate application .*$/m.exec(page) ?? [];
      const command = line.replaceAll('argocd production', `argocd ${environment}`);
      const extraEnv = { KUBECONFIG: delivery?.cluster.kubeconfig ?? '' };
      await lab.exec(['bash', '-euc', command], { extraEnv });
    },
  };
}
