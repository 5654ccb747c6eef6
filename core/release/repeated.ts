import type { AskPorts } from '#core/release/ask.ts';
import type { LandedIntent } from '#core/release/landed.ts';
import type { ReleasePlace } from '#core/release/past.ts';
import { parseHoldRecords, parseReleases } from '#core/release/trailer.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** What a run did before: a rollback, or a release of what was held. */
export type RepeatedKind = 'rollback' | 'release';

/**
 * Returns what this workflow run landed in an environment before, newest first: a job that is run again asks for it a
 * second time. What a trailer says counts only where the tree agrees.
 */
export async function findRepeated(
  kind: RepeatedKind,
  place: ReleasePlace,
  head: CommitSha,
  ports: Pick<AskPorts, 'history' | 'runUrl'>,
): Promise<LandedIntent[]> {
  if (ports.runUrl === '') return [];
  const branch = await ports.history.at(head);
  const intents = (await branch.line.claims())
    .filter(({ message }) => message.includes(ports.runUrl))
    .flatMap(({ message }) => listIntents(kind, message, place.environment, ports.runUrl));
  const landed = await Promise.all([...new Set(intents)].map((intent) => branch.findIntent(intent, [place])));
  return landed.filter((one) => one !== undefined);
}

/** A bump has no reason; a person's release has one. */
function listIntents(kind: RepeatedKind, message: string, environment: string, run: string): string[] {
  const releases = parseReleases(message).filter((release) =>
    kind === 'rollback' ? release.kind === kind : release.kind === 'deploy' && release.reason !== undefined,
  );
  const lifts = kind === 'release' ? parseHoldRecords(message).filter(({ action }) => action === kind) : [];
  return [...releases, ...lifts]
    .filter((one) => one.environment === environment && one.run === run)
    .map(({ intent }) => intent);
}
