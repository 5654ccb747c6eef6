import type { Git } from '#core/git/repository.ts';
import { type Glance, idOf, type OpenIntent, readTipFor, type Tip } from '#core/release/open-intents.ts';
import type { Trust } from '#core/release/trust.ts';
import { choosePace, choosePatience } from '#core/release/turns.ts';
import type { Clock } from '#core/system/clock.ts';
import type { Log } from '#core/system/log.ts';

/** What waiting for other writers needs from the world. */
interface WaitPorts {
  readonly git: Git;
  readonly log: Log;
  readonly clock: Clock;
  /** Between 0 and 1. */
  readonly random: () => number;
  readonly trust: Trust;
}

/** How a wait for other writers ended. */
interface Turn {
  /** True where it is this writer's turn to fold all that is open. */
  readonly isOurs: boolean;
  /** The branch as it was when the own ref was gone, which tells what became of the intent; undefined where it is not gone. */
  readonly landed: Tip | undefined;
}

/**
 * Waits until it is this writer's turn to fold, or something has changed. Nothing has changed on the remote `since` then,
 * in milliseconds since 1970; `temper` is between 0 and 1, the writer's own.
 */
export async function waitForTurn(
  { head, open }: Glance,
  own: OpenIntent,
  { since, temper }: { readonly since: number; readonly temper: number },
  branch: string,
  ports: WaitPorts,
): Promise<Turn> {
  const { clock, log, trust } = ports;
  const others = await trust(
    open.filter(({ ref }) => ref !== own.ref),
    branch,
  );
  const ids = [own, ...others].map(({ ref }) => idOf(ref));
  const turnAt = since + choosePatience(own.intent.id, ids, temper, clock.now());
  if (clock.now().getTime() >= turnAt) return { isOurs: true, landed: undefined };
  log.info(`Waiting for the writer whose turn it is, with ${others.length} others`);
  for (;;) {
    await clock.sleep(choosePace(ids.length, ports.random()));
    const tip = await readTipFor(own, branch, ports);
    if (tip.open.length === 0) return { isOurs: false, landed: tip };
    if (tip.head !== head || clock.now().getTime() >= turnAt) return { isOurs: false, landed: undefined };
  }
}
