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

beforeAll(async () => {
  tenant = await startTenant();
  digests = PATTERN.map((content) => tenant.push('discord-bot', content));
  sources = PATTERN.map((content) => tenant.commit({ 'app/main.js': `// ${content}\n` }));
});

afterAll(() => tenant.close());

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

/** Lets the sources that are left finish in every order, from what `main` is now; returns the number of whole orders. */
async function finish(left: readonly number[], newest: number): Promise<number> {
  if (left.length === 0) {
    expect(tenant.readOverlay()).toContain(digests[4]);
    return 1;
  }
  const before = tenant.remoteGit('rev-parse', 'main');
  let orders = 0;
  for (const index of left) {
    tenant.remoteGit('update-ref', 'refs/heads/main', before); // orders that begin alike share their beginning
    const inputs = { images: `discord-bot=${digests[index]}`, 'source-sha': sources[index] ?? '' };
    await bump(tenant, inputs, {}, withoutProof);
    const deployed = digests.findLastIndex((digest) => tenant.readOverlay().includes(digest));
    expect(deployed).toBeGreaterThanOrEqual(Math.max(newest, index));
    orders += await finish(
      left.filter((other) => other !== index),
      deployed,
    );
  }
  return orders;
}

test('five sources in all 120 orders of finishing: never older, not even for a while, and the newest stays', async () => {
  expect(await finish([0, 1, 2, 3, 4], -1)).toBe(120);
});
