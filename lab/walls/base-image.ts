import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { readBaseImage } from '#lab/walls/ground.ts';

const SERVERS = { 'discord-bot': 3000, 'dev-sandbox': 8080 };

/**
 * The walls are those of the manifests, whatever the images hold: pods run the lab's base image, and answer every health
 * check on their port. What the tenant's own images do behind the same walls, scenarios.e2e.ts sees.
 */
export function runBaseImage(clone: string): void {
  const [newName = '', digest = ''] = readBaseImage(clone).split('@');
  const file = join(clone, 'overlays/staging/kustomization.yaml');
  const overlay = parseDocument(readFileSync(file, 'utf8'));
  overlay.set(
    'images',
    Object.keys(SERVERS).map((name) => ({ name, newName, digest })),
  );
  for (const [name, port] of Object.entries(SERVERS)) {
    const server = `require('node:http').createServer((_question, answer) => answer.end('well')).listen(${port})`;
    const path = '/spec/template/spec/containers/0/command';
    const patch = JSON.stringify([{ op: 'add', path, value: ['node', '-e', server] }]);
    if (!overlay.has('patches')) overlay.set('patches', overlay.createNode([]));
    overlay.addIn(['patches'], { target: { kind: 'Deployment', name }, patch });
  }
  writeFileSync(file, overlay.toString({ lineWidth: 0 }));
}
