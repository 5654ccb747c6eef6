import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { jumpOverPauses } from '#tests/support/clock.ts';
import { listIntents } from '#tests/support/intents.ts';
import { killAfter } from '#tests/support/kill.ts';
import { kustomizeFolder, startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump, reconcile } from '#tests/support/writers.ts';

jest.setTimeout(120_000);

/** Random moments; SLIPWAY_RUNS makes them more, and CI takes fewer. */
const RUNS = Number(process.env['SLIPWAY_RUNS'] ?? (process.env['CI'] === 'true' ? 12 : 50));

let tenant: Tenant;

beforeEach(async () => {
  tenant = await startTenant();
});

afterEach(() => tenant.close());

/** The commands that a writer runs on its way, by what they do: which program, words of its arguments, which time. */
const STEPS = {
  'write the intent': ['git', 'fast-import', 1],
  'publish it': ['git', 'push', 1],
  'read the tip': ['git', '--prune', 1],
  'read the history': ['git', '--filter=tree:0', 1],
  render: ['kustomize', 'build', 1],
  'write the commit': ['git', 'fast-import', 2],
  'move the branch': ['git', 'push', 2],
} as const;
type Step = keyof typeof STEPS;

/** A PATH on which the program of a step kills the writer that starts it: before it runs, or after it has run. */
function killAt(step: Step, when: 'before' | 'after'): string {
  const [program, word, time] = STEPS[step];
  const folder = join(tenant.temp, '..', 'killers', `${Math.random()}`);
  mkdirSync(folder, { recursive: true });
  const real = execFileSync('which', [program], {
    env: { PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` },
    encoding: 'utf8',
  }).trim();
  const kill = 'kill -9 $PPID';
  const script = `#!/bin/sh
case " $* " in
  *" ${word} "*)
    echo >> ${folder}/seen
    if [ "$(wc -l < ${folder}/seen)" -ge ${time} ]; then
      ${when === 'before' ? `${kill}; exit 1` : `${real} "$@"; ${kill}; exit 1`}
    fi;;
esac
exec ${real} "$@"
`;
  writeFileSync(join(folder, program), script);
  chmodSync(join(folder, program), 0o755);
  return `${folder}:${kustomizeFolder}:${process.env['PATH'] ?? ''}`;
}

/** Each release's intent, image by image: none twice. */
function expectOnce(): void {
  const landed = tenant.releases().map((text) => `${/^\S+/.exec(text)?.[0]} ${/intent=(\S+)/.exec(text)?.[1]}`);
  expect(new Set(landed).size).toBe(landed.length);
}

/** Who goes on, and how the killed one's build gets to the overlay in the end. */
const GO_ON = {
  'the same job, run again': (digest: string) =>
    bump(tenant, { images: `discord-bot=${digest}` }, { change: jumpOverPauses }),
  'another bump': (digest: string) =>
    bump(tenant, { images: `dev-sandbox=${tenant.push('dev-sandbox', digest)}` }, { change: jumpOverPauses }),
  Reconcile: () => reconcile(tenant, {}, { change: jumpOverPauses }),
};

const MOMENTS = (Object.keys(STEPS) as Step[]).flatMap((step) =>
  (['before', 'after'] as const).map((when) => [when, step] as const),
);
const isPublished = (when: string, step: Step): boolean =>
  Object.keys(STEPS).indexOf(step) > 1 || (when === 'after' && step === 'publish it');

describe.each(MOMENTS)('killed %s the step: %s', (when, step) => {
  test.each(Object.entries(GO_ON))('%s goes on', async (who, goOn) => {
    const digest = tenant.push('discord-bot', 'the build');
    const path = killAt(step, when);
    const killed = await tenant.bump({ images: `discord-bot=${digest}` }, { path });
    expect(killed.code).toBeNull();
    const isLanded = when === 'after' && step === 'move the branch';
    expect(tenant.releases()).toHaveLength(isLanded ? 1 : 0);
    expect(listIntents(tenant)).toHaveLength(isPublished(when, step) && !isLanded ? 1 : 0);
    await goOn(digest);
    expect(listIntents(tenant)).toEqual([]);
    expectOnce();
    const isThere = isPublished(when, step) || who.startsWith('the same job');
    expect(tenant.readOverlay().includes(digest)).toBe(isThere);
    expect(tenant.releases().filter((text) => text.startsWith('production/discord-bot'))).toHaveLength(isThere ? 1 : 0);
  });
});

test(`killed at ${RUNS} random moments: the next one goes on, each build lands once, nothing is left`, async () => {
  const digests: string[] = [];
  for (let run = 0; run < RUNS; run++) {
    const digest = tenant.push('discord-bot', `run ${run}`);
    digests.push(digest);
    await tenant.bump({ images: `discord-bot=${digest}` }, { onStart: killAfter(Math.random() * 1_200) });
    const { outcome } = await bump(tenant, { images: `discord-bot=${digest}` }, { change: jumpOverPauses });
    expect(['landed', 'unchanged']).toContain(outcome);
    expect(tenant.readOverlay()).toContain(digest);
    expect(listIntents(tenant)).toEqual([]);
  }
  expectOnce();
  expect(tenant.releases().map((text) => /to=(\S+)/.exec(text)?.[1])).toEqual(digests.toReversed());
}, 900_000);
