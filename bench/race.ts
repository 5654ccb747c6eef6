import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureInTurn, type Row, rowOf } from '#bench/measure.ts';
import type { RefUpdate } from '#core/git/push.ts';
import type { AskPorts } from '#core/release/ask.ts';
import { type Crowd, openCrowd, rush } from '#tests/support/crowd.ts';
import { kustomizeFolder, startTenant } from '#tests/support/tenant.ts';
import { bump } from '#tests/support/writers.ts';

const WRITERS = Number(process.env['SLIPWAY_WRITERS'] ?? 50);

/** The loop that people write: change the overlay, commit, push; lost the race, pull and push again after a pause. */
const LOOP = `set -e
git clone -q --depth 1 "$1" "$2"
cd "$2"
git config user.name A-Person
git config user.email person@example.com
deploy() { (cd overlays/production && kustomize edit set image "$3=$4"); git commit -qam "deploy $3"; }
deploy "$@"
until git push -q origin main 2>/dev/null; do
  git fetch -q --depth 1 origin main
  git reset -q --hard FETCH_HEAD
  deploy "$@"
  sleep "0.$((RANDOM % 10))"
done
`;

const RUNS = 15;

/**
 * Many writers at once on one overlay file, against the usual retry loop; and one writer alone, against one that goes
 * straight to the branch, without publishing what it wants.
 */
export async function benchRace(): Promise<Row[]> {
  const alone = rowOf('one writer alone, against a bump without an intent', await measureAlone(), 1.1);
  const peer = await measure((crowd) => loop(crowd));
  const ours = await measure(async (crowd) => void (await rush(crowd)));
  const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(1)} s`;
  const what = `${WRITERS} writers at once, against a retry loop`;
  return [{ what, ours: seconds(ours), peer: seconds(peer), ratio: ours / peer, limit: 0.1 }, alone];
}

async function measureAlone(): ReturnType<typeof measureInTurn> {
  const tenant = await startTenant();
  let builds = 0;
  const land = async (change: (ports: AskPorts) => AskPorts): Promise<void> => {
    const digest = tenant.push('discord-bot', `build ${builds++}`);
    const { outcome } = await bump(tenant, { images: `discord-bot=${digest}` }, { change });
    if (outcome !== 'landed') throw new Error(`the bump did not land: ${outcome}`);
  };
  try {
    return await measureInTurn(
      RUNS,
      () => land((ports) => ports),
      () => land(withoutIntents),
    );
  } finally {
    await tenant.close();
  }
}

/** As if the server took no intents, without asking it. */
function withoutIntents(ports: AskPorts): AskPorts {
  const isBranch = ({ ref }: RefUpdate): boolean => ref.startsWith('refs/heads/');
  const update: typeof ports.transport.update = async (updates) =>
    updates.some(isBranch) ? ports.transport.update(updates) : { outcome: 'rejected', reason: 'not asked' };
  return { ...ports, transport: { ...ports.transport, update } };
}

async function measure(work: (crowd: Crowd) => Promise<void>): Promise<number> {
  const crowd = await openCrowd(WRITERS);
  try {
    const started = performance.now();
    await work(crowd);
    const milliseconds = performance.now() - started;
    const overlay = crowd.tenant.readOverlay();
    const lost = crowd.digests.filter((digest) => !overlay.includes(digest)).length;
    if (lost > 0) throw new Error(`${lost} of ${WRITERS} writers are not in the overlay`);
    return milliseconds;
  } finally {
    await crowd.tenant.close();
  }
}

async function loop({ tenant, images, digests }: Crowd): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-race-'));
  const env = { ...process.env, PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` };
  const one = (image: string, index: number): Promise<void> =>
    new Promise((resolve, reject) => {
      const reference = `${tenant.registry.host}/${image}@${digests[index]}`;
      const argv = ['-c', LOOP, 'loop', tenant.server.url, join(root, String(index)), image, reference];
      const child = spawn('bash', argv, { env, stdio: ['ignore', 'ignore', 'ignore'] });
      child.once('error', reject);
      child.once('close', (code) =>
        code === 0 ? resolve() : reject(new Error(`the loop of ${image} ended with ${code}`)),
      );
    });
  try {
    await Promise.all(images.map(one));
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
