import { afterAll, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import type { AskPorts } from '#core/release/ask.ts';
import { configure, openStage, type Stage } from '#tests/support/stage.ts';
import { bump } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage({ images: ['discord-bot'] });
});

beforeEach(() => stage.reset());

afterAll(() => stage.tenant.close());

/** Gives a run a checkout of `commit`, as a job has the one of its own commit. */
function withCheckout(commit: string): (ports: AskPorts) => AskPorts {
  const refspecs = [`+${commit}:refs/slipway/borrowed`];
  return (ports) => ({
    ...ports,
    git: {
      ...ports.git,
      revParse: async (revision) => {
        if (revision === 'refs/slipway/borrowed') await ports.git.fetch({ refspecs, depth: 1 });
        return ports.git.revParse(revision);
      },
    },
  });
}

test('an environment that takes pull requests since the checkout was made is not passed over in silence', async () => {
  const { source, digest } = await stage.change('newest');
  configure(stage, 'production', 'deploys: on-push, via: pull-request');
  const inputs = { images: stage.all(digest), 'source-sha': source, environment: '' };
  await expect(bump(stage.tenant, inputs, { change: withCheckout(source) })).rejects.toThrow(
    /^environment: production takes changes by pull request only .*needs GitHub's API/, // none is there
  );
  expect(stage.read('discord-bot', 'staging')).toBe(digest);
  expect(stage.read('discord-bot', 'production')).toBe(stage.bad);
});

/** Returns how often a bump asks for the branch. */
async function countReads(text: string, prepare: (source: string) => (ports: AskPorts) => AskPorts): Promise<number> {
  const { source, digest } = await stage.change(text);
  let reads = 0;
  const counted = (ports: AskPorts): AskPorts => {
    const { git } = ports;
    const fetch: typeof git.fetch = (what) => {
      reads++;
      return git.fetch(what);
    };
    return { ...ports, git: { ...git, fetch } };
  };
  const change = (ports: AskPorts): AskPorts => counted(prepare(source)(ports));
  const { outcome } = await bump(stage.tenant, { images: stage.all(digest), 'source-sha': source }, { change });
  expect(outcome).toBe('landed');
  return reads;
}

test('where the checkout says that all are pushed to, the branch is read once less', async () => {
  const unknown = await countReads('without', () => (ports) => ports);
  expect(await countReads('with', withCheckout)).toBe(unknown - 1);
});
