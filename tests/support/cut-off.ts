import type { Git } from '#core/git/repository.ts';
import { Refusal } from '#core/values/errors.ts';

/** A repository that can be asked for nothing as soon as the network is gone. */
export function cutOff(git: Git, isGone: () => boolean): Git {
  const ask = async <Answer>(question: () => Promise<Answer>): Promise<Answer> => {
    if (isGone()) throw new Refusal('the repository does not answer');
    return question();
  };
  return { ...git, fetch: (what) => ask(() => git.fetch(what)), lsRefs: (refs) => ask(() => git.lsRefs(refs)) };
}
