import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';

jest.setTimeout(600_000);

let tenant: Tenant;
let sources: string[];
let digests: string[];
let start: string;

beforeAll(async () => {
  tenant = await startTenant();
  digests = ['a', 'b', 'c', 'd', 'e'].map((content) => tenant.push('discord-bot', content));
  sources = digests.map((_digest, index) => tenant.commit({ 'app/main.js': `// ${index}\n` }));
  start = tenant.remoteGit('rev-parse', 'main');
});

afterAll(() => tenant.close());

function permutations(items: readonly number[]): number[][] {
  if (items.length === 0) return [[]];
  return items.flatMap((item) => permutations(items.filter((other) => other !== item)).map((rest) => [item, ...rest]));
}

test('five sources in all 120 orders of finishing: the newest stays, every older one that comes late is superseded', async () => {
  for (const order of permutations([0, 1, 2, 3, 4])) {
    tenant.remoteGit('update-ref', 'refs/heads/main', start);
    let newest = -1;
    for (const index of order) {
      const result = await tenant.bump({ images: `discord-bot=${digests[index]}`, 'source-sha': sources[index] ?? '' });
      expect(result.outputs['outcome']).toBe(index > newest ? 'landed' : 'superseded');
      if (index < newest) expect(result.outputs['releases']).toContain(sources[newest]);
      newest = Math.max(newest, index);
    }
    expect(tenant.readOverlay()).toContain(digests[4]);
  }
});
