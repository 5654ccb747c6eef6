import type { Decided, ImageOutcome } from '#core/release/decide.ts';
import type { LandedIntent } from '#core/release/landed.ts';
import { describeBinding } from '#core/release/rules.ts';
import type { Log } from '#core/system/log.ts';

/** Says in the log what became of each image of an intent, and of its holds. */
export function sayDecided({ images, holds }: Pick<Decided, 'images' | 'holds'>, log: Log): void {
  for (const image of images) sayImage(image, log);
  for (const { environment, image, action, kind } of holds) {
    log.info(`${environment}/${image}: ${action === 'set' ? `is held now (${kind})` : `is held no longer (${kind})`}`);
  }
}

/**
 * Says what became of another writer's intent, refused or not: that writer may be gone, and the commit names only what
 * landed.
 */
export function sayOther({ intent, outcome, images, holds, refusal }: Decided, log: Log): void {
  if (outcome === 'waits') return;
  const from = intent.run === '' ? '' : `, ${intent.run}`;
  const name = `intent ${intent.id} of ${intent.actor} (${intent.kind}${from})`;
  if (refusal === undefined) {
    log.info(`Decided ${name}: ${outcome}`);
    sayDecided({ images, holds }, log);
  } else log.warn(`Refused ${name}: ${refusal.message}`);
}

/** Says which commit landed the own intent, with which others, how long after the writer began. */
export function sayLanded({ commit, batch, oldest }: LandedIntent, seconds: number, log: Log): void {
  const from = oldest === '' ? '' : `, the oldest of ${oldest}`;
  const others = batch === 1 ? '' : ` with ${batch} intents${from}`;
  log.info(`Landed in ${commit.slice(0, 7)}${others}, after ${seconds} s`);
}

/** Returns how many intents land together. */
export function countLanded({ decided }: { readonly decided: readonly Decided[] }): number {
  return decided.filter(({ outcome }) => outcome === 'landed').length;
}

/** Returns the number of intents that land together, in words. */
export function describeBatch(plan: { readonly decided: readonly Decided[] }): string {
  const count = countLanded(plan);
  return count === 1 ? '1 intent' : `${count} intents`;
}

function sayImage({ environment, image, outcome, from, to, winner, hold, note }: ImageOutcome, log: Log): void {
  const name = `${environment}/${image}`;
  if (outcome === 'landed') log.info(`${name}: ${short(from)} → ${short(to)}`);
  if (outcome === 'unchanged') log.info(`${name}: is at ${short(to)} already`);
  if (outcome === 'superseded')
    log.info(`${name}: superseded by ${short(winner?.to)} from ${winner?.source.slice(0, 7) ?? 'a newer commit'}`);
  if (outcome === 'held' && hold !== undefined) log.info(`${name}: held (${describeBinding(hold)})`);
  if (note !== undefined) log.warn(`${name}: ${note}`);
}

function short(digest: string | undefined): string {
  return digest === undefined ? 'nothing' : `${digest.slice('sha256:'.length, 'sha256:'.length + 7)}…`;
}
