import type { LandResult } from '#core/release/land.ts';

/** The outputs that action.yml declares. */
export const OUTPUTS = ['outcome', 'commit', 'releases'] as const;

/** Returns the outputs of this action. */
export function describeOutputs(result: LandResult): Record<(typeof OUTPUTS)[number], string> {
  const releases = result.images.map(({ environment, image, outcome, from, to, source, winner, hold }) => ({
    environment,
    image,
    outcome,
    from: from ?? null,
    to,
    source,
    winner:
      winner === undefined
        ? null
        : { to: winner.to, source: winner.source, commit: winner.commit ?? null, run: winner.run },
    hold:
      hold === undefined
        ? null
        : {
            kind: hold.kind,
            reason: hold.reason,
            by: hold.by,
            since: hold.since,
            until: hold.until ?? null,
            commit: hold.commit ?? null,
          },
  }));
  return { outcome: result.outcome, commit: result.commit ?? '', releases: JSON.stringify(releases) };
}
