import { createReport, type Report } from '#core/manifests/report.ts';
import { errorEntry } from '#core/terraform/comment/entries.ts';
import type { Part } from '#core/terraform/comment/render.ts';
import { countPlan } from '#core/terraform/comment/words.ts';

/** A job whose result is not known: what it would have reported on, and why nothing is known. */
export interface Lost {
  /** The stack; undefined for the manifests. */
  readonly stack: string | undefined;
  /** A sentence. */
  readonly why: string;
}

/** Returns what the comment says of a stack whose plan is not known: an error, never `changes nothing`. */
export function describeLostPlan(name: string, why: string): Part {
  const entries = [errorEntry(why, (text) => text)];
  return {
    name,
    counts: countPlan(undefined, entries.length),
    sections: [{ kind: 'error', entries }],
    isFailed: true,
    isComplete: false,
    unapplied: 0,
    deviation: undefined,
    notes: [],
    risk: -1,
  };
}

/** Returns what the comment says of manifests that were not compared. */
export function describeLostManifests(why: string, head: string): Report {
  return createReport({ name: 'manifests', base: head, head, notes: [] }, [
    { group: 'error', label: 'Manifests', note: why, diff: '' },
  ]);
}
