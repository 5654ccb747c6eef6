import { formatRelease, type Release } from '#core/release/trailer.ts';

/**
 * Returns the message of a commit that lands `releases`: a title that names what moved where, a body for people, and
 * one trailer per release for the pipeline.
 */
export function formatCommitMessage(releases: readonly Release[]): string {
  const [first] = releases;
  if (first === undefined) throw new Error('a commit without a release has no message');
  const verb = { deploy: 'deploy', promotion: 'promote', rollback: 'roll back' }[first.kind];
  const environments = [...new Set(releases.map((release) => release.environment))].join(', ');
  const images = [...new Set(releases.map((release) => release.image))].join(', ');
  const body = releases.map(
    ({ environment, image, from, to }) => `${environment}/${image}\n  ${from ?? 'nothing'}\n  -> ${to}`,
  );
  return [
    `${verb}(${environments}): ${images} from ${first.source.slice(0, 7)}`,
    '',
    ...body,
    '',
    ...releases.map(formatRelease),
    '',
  ].join('\n');
}
