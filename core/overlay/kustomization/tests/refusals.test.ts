import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { listFolders, NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';
import { describeError, isExpected } from '#core/values/errors.ts';
import { expectGolden } from '#tests/support/golden.ts';

test.each(listFolders('invalid'))('$name', ({ folder }) => {
  const file = 'overlays/production/kustomization.yaml';
  const text = readFileSync(join(folder, 'kustomization.yaml'), 'utf8');
  expectGolden(
    join(folder, 'message.txt'),
    `${refusalOf(() => setDigests(text, file, new Map([['discord-bot', NEW]])))}\n`,
  );
});

test('two images without entries are named at once', () => {
  const wanted = new Map([
    ['discord-bot', NEW],
    ['dev-sandbox', NEW],
  ] as const);
  expect(refusalOf(() => setDigests('resources: []\n', 'k.yaml', wanted))).toMatch(
    /no images entry for discord-bot, dev-sandbox; add/,
  );
});

test('the place that is named is one that would change unasked', () => {
  const text = ['a', 'b', 'c']
    .map((name, index) => `  - name: ${name}\n    digest: ${index === 0 ? `&d ${OLD}` : '*d'}\n`)
    .join('');
  const wanted = new Map([
    ['a', NEW],
    ['b', NEW],
  ] as const);
  expect(refusalOf(() => setDigests(`images:\n${text}`, 'k.yaml', wanted))).toMatch(
    /^k.yaml:7: \*d repeats what the anchor &d marks, and would change with a;/,
  );
});

function refusalOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (isExpected(error)) return describeError(error);
    throw error;
  }
  throw new Error('nothing was refused');
}
