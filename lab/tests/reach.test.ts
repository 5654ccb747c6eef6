import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { writeReach } from '#lab/reach.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

let overlay: string;
beforeEach(() => {
  overlay = mkdtempSync(join(tmpdir(), 'slipway-reach-'));
});
afterEach(() => rmSync(overlay, { recursive: true }));

const file = (): string => join(overlay, 'reach.yaml');
const egressOf = () =>
  parseAllDocuments(readFileSync(file(), 'utf8')).map((document) => {
    const { metadata, spec } = document.toJS();
    return [
      metadata.name,
      spec.egress.map((rule: { to: { ipBlock: { cidr: string } }[]; ports: { port: number }[] }) =>
        rule.to.flatMap(({ ipBlock }) => rule.ports.map(({ port }) => `${ipBlock.cidr}:${port}`)),
      ),
    ];
  });

test("the lab's API server takes the place of the one that stands there, and the bot gets its AWS, on one port each", () => {
  cpSync(join(repositoryRoot, 'overlays/staging/reach.yaml'), file());
  writeReach(overlay, { apiServer: 'https://10.1.2.1:6443', bot: ['http://172.17.0.1:4566', 'https://172.17.0.2'] });
  expect(egressOf()).toEqual([
    ['dev-sandbox-reach', [['10.1.2.1/32:6443']]],
    ['discord-bot-reach', [['172.17.0.1/32:4566'], ['172.17.0.2/32:443']]],
  ]);
  expect(readFileSync(file(), 'utf8')).toContain('# the API server of your cluster');
});

test('what else the list has stays', () => {
  cpSync(join(repositoryRoot, 'overlays/staging/reach.yaml'), file());
  writeReach(overlay, { apiServer: 'https://10.1.2.1:6443', bot: [] });
  writeReach(overlay, { apiServer: 'https://10.1.2.2:6443', bot: [] });
  expect(egressOf()).toEqual([['dev-sandbox-reach', [['10.1.2.2/32:6443']]]]);
});

test('an overlay without the file gets none', () => {
  writeReach(overlay, { apiServer: 'https://10.1.2.1:6443', bot: ['http://172.17.0.1:4566'] });
  expect(existsSync(file())).toBe(false);
});
