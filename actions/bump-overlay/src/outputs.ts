import type { Landing } from '#core/landing.ts';

/** Returns the outputs of this action as action.yml declares them. */
export function describeOutputs(landing: Landing): { outcome: string; commit: string; releases: string } {
  const releases = landing.images.map(({ environment, image, outcome, from, to, source, winner }) => ({
    environment,
    image,
    outcome,
    from: from ?? null,
    to,
    source,
    winner:
      winner === undefined ? null : { to: winner.to, source: winner.source, commit: winner.commit, run: winner.run },
  }));
  return { outcome: landing.outcome, commit: landing.commit ?? '', releases: JSON.stringify(releases) };
}
