import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import type { OverlayEditor } from '#core/overlay/edit.ts';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump } from './bumps.ts';

jest.setTimeout(900_000);

/** Commits 1 to 5 as the app's text; equal texts are equal inputs and give equal digests. */
const PATTERN = ['a', 'b', 'a', 'c', 'b'] as const;

let tenant: Tenant;
let sources: string[];
let digests: string[];
let start: string;

beforeAll(async () => {
  tenant = await startTenant();
  digests = PATTERN.map((content) => tenant.push('discord-bot', content));
  sources = PATTERN.map((content) => tenant.commit({ 'app/main.js': `// ${content}\n` }));
  start = tenant.remoteGit('rev-parse', 'main');
});

afterAll(() => tenant.close());

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

/** Writes the digest without rendering: this test is about the order, on real git over HTTP. */
function withoutProof(editor: OverlayEditor): OverlayEditor {
  return {
    ...editor,
    edit: async (_commit, { text, file }, wanted) => ({
      file: { ...file, content: Buffer.from(setDigests(text, file.path, wanted).text) },
      containers: [],
      kustomize: { argv: ['kustomize'], name: 'kustomize', version: 'none' },
    }),
  };
}

test('five sources in all 120 orders of finishing: never older, not even for a while, and the newest stays', async () => {
  for (const order of permutations([0, 1, 2, 3, 4])) {
    tenant.remoteGit('update-ref', 'refs/heads/main', start);
    let newest = -1;
    for (const index of order) {
      const inputs = { images: `discord-bot=${digests[index]}`, 'source-sha': sources[index] ?? '' };
      await bump(tenant, inputs, {}, withoutProof);
      const deployed = digests.findLastIndex((digest) => tenant.readOverlay().includes(digest));
      expect(deployed).toBeGreaterThanOrEqual(Math.max(newest, index));
      newest = deployed;
    }
    expect(tenant.readOverlay()).toContain(digests[4]);
  }
});
