import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What makes an environment: its line in slipway.yaml, its overlay, its Application, that file's line, its destination,
 * what its sandbox may read; and, for the buttons on GitHub, its name in their choices.
 */
const PIECES = ['slipway.yaml', 'overlay', 'application', 'kustomization', 'destination', 'access', 'choices'] as const;

/** Adds an environment like staging to a checkout, as a person would; `without` forgets a piece. */
export function addEnvironment(
  checkout: string,
  name: string,
  options: { deploys: 'on-push' | 'by-hand'; without?: (typeof PIECES)[number] },
): void {
  const edit = (piece: (typeof PIECES)[number], path: string, change: (text: string) => string): void => {
    if (piece === options.without) return;
    const file = join(checkout, path);
    const before = readFileSync(file, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`${path} has no place for an environment: has its form changed?`);
    writeFileSync(file, after);
  };
  const named = (text: string): string => text.replaceAll('staging', name);
  edit('slipway.yaml', 'slipway.yaml', (text) =>
    text.replace(/^environments:\n/m, `$&  ${name}: {overlay: overlays/${name}, deploys: ${options.deploys}}\n`),
  );
  if (options.without !== 'overlay') {
    cpSync(join(checkout, 'overlays/staging'), join(checkout, 'overlays', name), { recursive: true });
    for (const file of ['kustomization.yaml', 'namespace.yaml']) edit('overlay', `overlays/${name}/${file}`, named);
  }
  if (options.without !== 'application') {
    cpSync(join(checkout, 'argocd/staging.yaml'), join(checkout, 'argocd', `${name}.yaml`));
    edit('application', `argocd/${name}.yaml`, named);
  }
  edit('kustomization', 'argocd/kustomization.yaml', (text) =>
    text.replace(/^ {2}- staging.yaml\n/m, `$&  - ${name}.yaml\n`),
  );
  edit('destination', 'argocd/project.yaml', (text) =>
    text.replace(/^.*discord-bot-staging.*\n/m, (line) => line + named(line)),
  );
  edit('access', 'argocd/platform/access.yaml', (text) => `${text}---\n${named(text.split('---\n').at(-1) ?? '')}`);
  for (const workflow of ['hold', 'rollback']) {
    edit('choices', `.github/workflows/${workflow}.yml`, (text) =>
      text.replace('options: [production, staging]', `options: [production, staging, ${name}]`),
    );
  }
}
