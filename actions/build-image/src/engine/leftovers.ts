import type { Clock } from '#core/system/clock.ts';
import type { Exec } from '#core/system/exec.ts';

/** What the sweep needs of the world. */
export interface SweepPorts {
  readonly exec: Exec;
  readonly clock: Clock;
}

/** An engine that takes longer to commit one container than this has other troubles. */
const COMMIT_DEADLINE_MS = 60_000;

/** Removes containers and unfinished images of builds that were killed. */
export async function removeLeftovers(ports: SweepPorts, isDead: (mark: string) => boolean): Promise<void> {
  const carries = (text: string, pattern: RegExp) =>
    [...text.matchAll(pattern)].some((match) => isDead(match[1] ?? ''));
  const [containers, images] = await Promise.all([
    list(ports, 'ps', '--all', '--no-trunc', '--format', '{{.ID}}\t{{.Mounts}}'),
    list(ports, 'image', 'ls', '--format', '{{.Repository}}:{{.Tag}}'),
  ]);
  const ids = containers
    .filter((line) => carries(line, /\/slipway-build-(\d+-\d+)\//g))
    .map((line) => line.split('\t')[0] ?? '');
  const names = images.filter((name) => carries(name, /:build-(\d+-\d+)-[0-9a-f]{12}$/g));
  await Promise.all(ids.map((id) => removeContainer(ports, id)));
  await removeImages(ports, names);
}

/**
 * Removes a container and the image that was made of it. The engine finishes a commit whose client was killed, and
 * that image has no name to be found by: only the engine's events tell which one it is.
 */
async function removeContainer(ports: SweepPorts, id: string): Promise<void> {
  await untilCommitted(ports, id);
  const [committed, nameless] = await Promise.all([
    listCommitted(ports, id),
    list(ports, 'image', 'ls', '--quiet', '--no-trunc', '--filter', 'dangling=true'),
  ]);
  await ports.exec(['docker', 'rm', '--force', id], { accept: 'any' });
  await removeImages(
    ports,
    committed.filter((image) => nameless.includes(image)),
  );
}

/** The engine pauses a container while it commits it. */
async function untilCommitted(ports: SweepPorts, id: string): Promise<void> {
  const deadline = ports.clock.now().getTime() + COMMIT_DEADLINE_MS;
  while (ports.clock.now().getTime() < deadline) {
    const [paused] = await list(ports, 'container', 'inspect', '--format', '{{.State.Paused}}', id);
    if (paused !== 'true') return;
    await ports.clock.sleep(100);
  }
}

/** The ids of all images that were made of a container, as far back as the engine remembers (its last 256 events). */
async function listCommitted(ports: SweepPorts, id: string): Promise<string[]> {
  const until = String(Math.ceil(ports.clock.now().getTime() / 1000));
  const filters = ['--filter', `container=${id}`, '--filter', 'event=commit'];
  const format = '{{index .Actor.Attributes "imageID"}}';
  return list(ports, 'events', '--since', '0', '--until', until, ...filters, '--format', format);
}

async function removeImages({ exec }: SweepPorts, images: readonly string[]): Promise<void> {
  if (images.length > 0) await exec(['docker', 'image', 'rm', ...images], { accept: 'any' });
}

/** An engine that does not answer has nothing to sweep: the build itself says what is wrong with it. */
async function list({ exec }: SweepPorts, ...args: string[]): Promise<string[]> {
  const { stdout } = await exec(['docker', ...args], { accept: 'any' });
  return stdout.toString('utf8').split('\n').filter(Boolean);
}
