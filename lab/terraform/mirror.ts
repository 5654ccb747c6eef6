import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where machines keep Terraform's providers, besides the two that Terraform searches by itself. */
const ROOTS = ['/opt', '/usr/share', '/usr/local/share', '/usr/local/lib', '/var/lib'];
const REGISTRY = 'registry.terraform.io';

/**
 * Returns the folder of a provider mirror on this machine, for `terraform init -plugin-dir`; undefined where there is
 * none and Terraform has to ask its registry. https://developer.hashicorp.com/terraform/cli/config/config-file#implied-local-mirror-directories
 */
export function findProviderMirror(
  roots: readonly string[] = [join(homedir(), '.terraform.d'), ...ROOTS],
): string | undefined {
  const candidates = roots.flatMap((root) => [root, ...listFolders(root), ...listFolders(root).flatMap(listFolders)]);
  return candidates.find((folder) => existsSync(join(folder, REGISTRY, 'hashicorp', 'aws')));
}

function listFolders(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return []; // not there, or not ours to read
  }
}
