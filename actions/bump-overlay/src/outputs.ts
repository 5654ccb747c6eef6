import type { Landing } from '#core/release/land.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commit', 'releases'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(landing: Landing): Record<(typeof OUTPUTS)[number], string> {
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
