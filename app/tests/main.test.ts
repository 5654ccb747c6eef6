import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url));

test('a wrong configuration ends the process with 1 and a line for each variable', () => {
  const env = { PORT: 'eighty', AGENTIC_EVENTS_QUEUE_URL: 'TopSecretValue', AWS_REGION: 'ca-central-1' };
  const { status, stdout } = spawnSync(process.execPath, [main], { encoding: 'utf8', env });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(status).toBe(1);
  expect(lines.map(({ level, variable }) => [level, variable])).toEqual([
    ['fatal', 'AGENTIC_EVENTS_QUEUE_URL'],
    ['fatal', 'PORT'],
  ]);
  expect(stdout).not.toContain('TopSecretValue');
});
