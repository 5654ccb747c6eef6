import type { Asked } from '#core/cluster/asked.ts';
import { type Cause, cite, command, named, slipway } from '#core/doctor/cause.ts';
import type { GitFacts, ImageFacts, RunFacts } from '#core/doctor/facts.ts';
import { digitsOf, NEVER_RELEASED } from '#core/values/reference.ts';

/** Returns why what was built is not in the overlay, by git alone: what holds it, what failed, what never came. */
export function findReleaseCauses(
  environment: string,
  git: GitFacts,
  run: Asked<RunFacts | null> | null,
): readonly Cause[] {
  if (git.fault !== null) return [unreadable(environment, git.fault)];
  const unreleased = git.images.filter(({ digest }) => digest === NEVER_RELEASED);
  return [
    ...git.images.flatMap((image) => explainWaiting(environment, git, image, run)),
    ...(unreleased.length === 0 ? [] : [neverReleased(environment, git, unreleased)]),
  ];
}

function unreadable(environment: string, fault: string): Cause {
  return {
    code: 'environment-unreadable',
    said: `nothing can be deployed to ${environment}: its files cannot be read`,
    evidence: [cite(fault)],
    next: slipway('status'),
    about: [],
  };
}

function explainWaiting(
  environment: string,
  git: GitFacts,
  { image, hold, waits }: ImageFacts,
  run: Asked<RunFacts | null> | null,
): Cause[] {
  if (git.deploys === 'by-hand') return [];
  if (waits.digest === null) return [];
  const source = waits.source === null ? '' : ` from ${waits.source.slice(0, 7)}`;
  const built = `the registry has ${named(image)} ${digitsOf(waits.digest)}${source}, which is newer than what the overlay says`;
  const about = [`waits:${image}`];
  if (git.freeze !== null) {
    const said = `${environment} is frozen: ${named(image)} waits`;
    return [{ code: 'frozen', said, evidence: [cite(git.freeze), built], next: slipway('status'), about }];
  }
  if (hold !== null) {
    const said = `${environment}/${named(image)} is held: ${hold.isByHand ? 'the overlay was changed by hand' : 'a hold keeps releases away'}`;
    const next = slipway('release', environment, '--image', image, '--reason', 'what it was held for is over');
    return [{ code: 'held', said, evidence: [cite(hold.said), built], next, about }];
  }
  if (git.deploys === 'on-promotion') return []; // it waits for a person, as it should
  return [notLanded(environment, git, image, built, run)];
}

/** A build that no commit brought into the overlay: the run after it failed, or is not over. */
function notLanded(
  environment: string,
  git: GitFacts,
  image: string,
  built: string,
  run: Asked<RunFacts | null> | null,
): Cause {
  const last = run !== null && 'value' in run ? run.value : null;
  const open = git.openIntents > 0 ? [`${git.openIntents} open intents wait to be folded`] : [];
  const about = [`waits:${image}`];
  if (last !== null && !['success', 'in_progress', 'queued'].includes(last.conclusion)) {
    return {
      code: 'run-failed',
      said: `the last run of ${last.workflow} ended with ${named(last.conclusion)}: ${environment}/${named(image)} did not land`,
      evidence: [`${named(last.url)} for ${last.sha.slice(0, 7)}`, built, ...open],
      next: command('gh', 'run', 'rerun', last.url.replace(/^.*\/runs\//, ''), '--failed'),
      about,
    };
  }
  return {
    code: 'not-landed',
    said: `${environment}/${named(image)} was built and did not land in ${git.overlay}`,
    evidence: [built, ...open],
    next: command('gh', 'workflow', 'run', 'reconcile.yml'),
    about,
  };
}

function neverReleased(environment: string, git: GitFacts, images: readonly ImageFacts[]): Cause {
  const next = {
    'on-push': command('gh', 'workflow', 'run', 'deploy.yml'),
    'on-promotion': slipway('promote', environment, '--reason', 'the first release'),
    'by-hand': slipway('history', git.from ?? environment),
  }[git.deploys];
  return {
    code: 'never-released',
    said: `${images.map(({ image }) => named(image)).join(' and ')} ${images.length === 1 ? 'was' : 'were'} never released to ${environment}`,
    evidence: [`${git.overlay}/kustomization.yaml has 64 zeros as its digest`],
    next,
    about: [`image:${NEVER_RELEASED}`],
  };
}
