import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { type Paired, type Row, rowOf, timed } from '#bench/measure.ts';
import type { RefUpdate } from '#core/git/push.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { type Crowd, openCrowd, rush } from '#tests/support/crowd.ts';
import { checkOut, kustomizeFolder, startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump } from '#tests/support/writers.ts';

const WRITERS = Number(process.env['SLIPWAY_WRITERS'] ?? 50);

/** The loop that people write: change the overlay, commit, push; lost the race, pull and push again after a pause. */
const LOOP = `set -e
cd "$1"
git config user.name A-Person
git config user.email person@example.com
deploy() { (cd overlays/production && kustomize edit set image "$2=$3"); git commit -qam "deploy $2"; }
deploy "$@"
until git push -q origin HEAD:main 2>/dev/null; do
  git fetch -q --depth 1 origin main
  git reset -q --hard FETCH_HEAD
  deploy "$@"
  sleep "0.$((RANDOM % 10))"
done
`;

const RUNS = 15;

/**
 * Many writers at once on one overlay file, against the usual retry loop; and one writer alone, against one that goes
 * straight to the branch, without publishing what it wants. Each has a shallow checkout when the clock starts, as a job has.
 */
export async function benchRace(): Promise<Row[]> {
  const alone = rowOf('one writer alone, against a bump without an intent', await measureAlone(), 1.1);
  const peer = await measure(openLoops);
  const ours = await measure((crowd) => ({ race: async () => void (await rush(crowd)) }));
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const what = `${WRITERS} writers at once, against a retry loop`;
  return [{ what, ours: seconds(ours), peer: seconds(peer), ratio: ours / peer, limit: 0.1 }, alone];
}

async function measureAlone(): Promise<Paired> {
  const tenant = await startTenant();
  const measured = { ours: [] as number[], peer: [] as number[] };
  try {
    for (let run = 0; run <= RUNS; run++) {
      const ours = await landOne(tenant, `ours ${run}`, (ports) => ports);
      const peer = await landOne(tenant, `peer ${run}`, withoutIntents);
      if (run === 0) continue; // the first of each does not count
      measured.ours.push(ours);
      measured.peer.push(peer);
    }
    return measured;
  } finally {
    await tenant.close();
  }
}

/** Returns how many milliseconds a bump takes. */
async function landOne(tenant: Tenant, content: string, change: (ports: AskPorts) => AskPorts): Promise<number> {
  const digest = tenant.push('discord-bot', content);
  const sha = tenant.remoteGit('rev-parse', 'main');
  const checkout = mkdtempSync(join(tenant.temp, '..', 'checkout-'));
  checkOut(checkout, tenant.server.url, tenant.remote, sha);
  return timed(async () => {
    const { outcome } = await bump(tenant, { images: `discord-bot=${digest}` }, { change, sha, checkout });
    if (outcome !== 'landed') throw new Error(`the bump did not land: ${outcome}`);
  });
}

/** As if the server took no intents, without asking it. */
function withoutIntents(ports: AskPorts): AskPorts {
  const isBranch = ({ ref }: RefUpdate): boolean => ref.startsWith('refs/heads/');
  const update: typeof ports.transport.update = async (updates) =>
    updates.some(isBranch) ? ports.transport.update(updates) : { outcome: 'rejected', reason: 'not asked' };
  return { ...ports, transport: { ...ports.transport, update } };
}

/** Returns how many milliseconds a crowd takes, whose checkouts `prepare` makes. */
async function measure(prepare: (crowd: Crowd) => { readonly race: () => Promise<void> }): Promise<number> {
  const crowd = await openCrowd(WRITERS);
  try {
    const { race } = prepare(crowd);
    const milliseconds = await timed(race);
    const overlay = crowd.tenant.readOverlay();
    const lost = crowd.digests.filter((digest) => !overlay.includes(digest)).length;
    if (lost > 0) throw new Error(`${lost} of ${WRITERS} writers are not in the overlay`);
    return milliseconds;
  } finally {
    await crowd.tenant.close();
  }
}

function openLoops({ tenant, images, digests }: Crowd): { readonly race: () => Promise<void> } {
  const env = { ...process.env, PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` };
  const checkouts = images.map(() => mkdtempSync(join(tenant.temp, '..', 'loop-')));
  const head = tenant.remoteGit('rev-parse', 'main');
  for (const checkout of checkouts) checkOut(checkout, tenant.server.url, tenant.remote, head);
  const loop = (image: string, index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const reference = `${tenant.registry.host}/${image}@${digests[index]}`;
      const argv = ['-c', LOOP, 'loop', checkouts[index] ?? '', image, reference];
      const child = spawn('bash', argv, { env, stdio: ['ignore', 'ignore', 'ignore'] });
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`the loop of ${image} ended with ${code}`)),
      );
    });
  return { race: async () => void (await Promise.all(images.map(loop))) };
}
