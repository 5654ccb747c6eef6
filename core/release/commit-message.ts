import { formatRelease, type Release } from '#core/release/trailer.ts';

/**
 * Returns the message of a commit that lands `releases` of one environment: a title that names what moved, a body for
 * people, and one trailer per release for the pipeline.
 */
export function formatCommitMessage(releases: readonly Release[]): string {
  const [first] = releases;
  if (first === undefined) throw new Error('a commit without a release has no message');
  const names = releases.map((release) => release.image).join(', ');
  const verb = { deploy: 'deploy', promotion: 'promote', rollback: 'roll back' }[first.kind];
  const body = releases.map((release) => `${release.image}\n  ${release.from ?? 'nothing'}\n  -> ${release.to}`);
  return [
    `${verb}(${first.environment}): ${names} from ${first.source.slice(0, 7)}`,
    '',
    ...body,
    '',
    ...releases.map(formatRelease),
    '',
  ].join('\n');
}
