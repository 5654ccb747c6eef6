import type { EnvironmentConfig } from '#core/config/config.ts';
import type { Decided, ImageOutcome } from '#core/release/decide.ts';
import type { Draft } from '#core/release/draft.ts';
import type { FailedRelease, Intent, RollbackIntent } from '#core/release/intent.ts';
import { refuseLate, summarizeOutcomes } from '#core/release/rules.ts';

/**
 * Returns what becomes of an intent that takes a failed release back without a person, where that is left alone: a
 * release came after it, from a person or a push, or there is a hold, a freeze or a change by hand. Undefined where nothing
 * is in its way, and where a person asked. Refuses one that comes too late.
 */
export function leaveAlone(
  intent: Intent,
  environment: EnvironmentConfig,
  draft: Draft,
): Pick<Decided, 'outcome' | 'images'> | undefined {
  if (intent.kind !== 'rollback' || intent.failed === undefined) return undefined;
  refuseLate(intent.failed, environment, draft.state);
  const images = listInTheWay(intent, intent.failed, environment.name, draft);
  return images.length === 0 ? undefined : { outcome: summarizeOutcomes(images.map(({ outcome }) => outcome)), images };
}

function listInTheWay(
  { images }: RollbackIntent,
  { newest }: FailedRelease,
  environment: string,
  draft: Draft,
): ImageOutcome[] {
  return [...newest].flatMap(([image, commit]): ImageOutcome[] => {
    const { release, current } = draft.image(environment, image);
    const hold = draft.findBinding(environment, image);
    const build = images.get(image) ?? { digest: release?.to, source: release?.source };
    const { digest: to = current, source = commit } = build;
    if (to === undefined) return [];
    const place = { environment, image, from: current, to, source };
    if (release !== undefined && release.commit !== commit)
      return [{ ...place, outcome: 'superseded', winner: release }];
    return hold === undefined ? [] : [{ ...place, outcome: 'held', hold }];
  });
}
