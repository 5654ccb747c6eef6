import { existsSync, mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import type { Runner } from '#core/action/runner.ts';
import { checkOut, kustomizeFolder, type Tenant } from '#tests/support/tenant.ts';

/** A runner for an action's own functions in the test's process: real git, kustomize and registry, no bundle. */
export interface InProcessRunner extends Runner {
  readonly lines: readonly string[];
  readonly warnings: readonly string[];
  readonly summary: () => string;
}

/** Opens a runner at `checkout`; where it is not given, at a shallow one of `sha`, as actions/checkout makes it. */
export function openRunner(
  tenant: Tenant,
  inputs: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
  sha = tenant.remoteGit('rev-parse', 'main'),
  checkout?: string,
): InProcessRunner {
  const [lines, warnings, pages] = [[] as string[], [] as string[], [] as string[]];
  const workspace = checkout ?? join(tenant.temp, '..', `checkout-of-${sha}`); // no run changes it: they share it
  if (!existsSync(workspace)) checkOut(workspace, tenant.server.url, tenant.remote, sha);
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
