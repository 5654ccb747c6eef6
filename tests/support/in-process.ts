import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { kustomizeFolder, type Tenant } from '#tests/support/tenant.ts';

/** A runner for an action's own functions in the test's process: real git, kustomize and registry, no bundle. */
export interface InProcessRunner extends Runner {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly summary: () => string;
}

/** Opens a runner whose checkout has the tenant's remote as its origin. */
export function openRunner(
  tenant: Tenant,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  sha = tenant.remoteGit('rev-parse', 'main'),
): InProcessRunner {
  const [lines, warnings, pages] = [[] as string[], [] as string[], [] as string[]];
  const workspace = join(tenant.temp, '..', 'in-process');
  if (!existsSync(workspace)) {
    execFileSync('git', ['init', '-q', workspace]);
    execFileSync('git', ['-C', workspace, 'config', 'remote.origin.url', tenant.server.url]);
  }
  return {
    lines,
    warnings,
    summary: () => pages.join(''),
    environment: {
      workspace,
      temp: mkdtempSync(join(tenant.temp, '..', 'temp-')),
      repository: 'acme/tenant',
      serverUrl: new URL(tenant.server.url).origin, // the server that the token belongs to
      runUrl: 'https://github.example/acme/tenant/actions/runs/7',
      actor: 'octocat',
      sha,
      eventName: env['GITHUB_EVENT_NAME'] ?? 'push',
      all: { PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}`, HOME: tenant.temp, ...env },
    },
    log: {
      debug: () => {},
      info: (message) => void lines.push(message),
      warn: (message) => void warnings.push(message),
    },
    input: (name) => inputs[name] ?? '',
    setOutputs: () => {},
    mask: () => {},
    addSummary: async (markdown) => void pages.push(markdown),
    annotate: () => {},
  };
}
