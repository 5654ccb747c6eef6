import type { Registry, RegistryLocation } from '#core/registry/registry.ts';
import type { LandPorts } from '#core/release/land.ts';
import type { Verdicts } from '#core/verdict/proven.ts';

/** What a person's or a push's intent needs from the world, beside landing it. */
export interface AskPorts extends LandPorts {
  /** ULID, new at every call. */
  readonly newIntent: () => string;
  /** Page of the workflow run; empty at a terminal. */
  readonly runUrl: string;
  readonly actor: string;
  /** True when a person started the run. */
  readonly isByHand: boolean;
  readonly openRegistry: (location: RegistryLocation) => Promise<Registry>;
  /** Undefined where there is no GitHub to ask. */
  readonly verdicts?: Verdicts;
}

/** Returns what every intent says. */
export function describeAsker({ newIntent, runUrl, actor, clock }: AskPorts, reason: string) {
  return { id: newIntent(), run: runUrl, actor, at: clock.now(), reason };
}
