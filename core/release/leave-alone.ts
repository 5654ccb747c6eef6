import type { EnvironmentConfig } from '#core/config/config.ts';
import type { ImageOutcome } from '#core/release/decide.ts';
import type { Draft } from '#core/release/draft.ts';
import type { RollbackIntent } from '#core/release/intent.ts';
import { refuseLate } from '#core/release/rules.ts';

/**
 * Returns what keeps the pipeline from taking a failed release back by itself: a release that came after it, whoever
 * asked for it, a hold, a freeze or a change by hand. Nothing does where a person asked.
 */
export function leaveAlone(intent: RollbackIntent, environment: EnvironmentConfig, draft: Draft): ImageOutcome[] {
  const { failed } = intent;
  if (failed === undefined) return [];
  refuseLate(failed, environment, draft.state);
  const { name } = environment;
  return [...failed.newest].flatMap(([image, commit]): ImageOutcome[] => {
    const { release, current } = draft.image(name, image);
    const hold = draft.findBinding(name, image);
    const build = intent.images.get(image) ?? { digest: release?.to, source: release?.source };
    const { digest: to = current, source = commit } = build;
    if (to === undefined) return [];
    const place = { environment: name, image, from: current, to, source };
    if (release !== undefined && release.commit !== commit)
      return [{ ...place, outcome: 'superseded', winner: release }];
    return hold === undefined ? [] : [{ ...place, outcome: 'held', hold }];
  });
}
