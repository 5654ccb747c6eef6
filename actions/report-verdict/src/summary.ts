import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';
import type { Settled } from '#core/verdict/settle.ts';
import { newestOf } from './run.ts';

const SIGNS = { running: '✅', failed: '❌', unknown: '❔', pending: '⏳' } as const;

/** Returns the job summary: what is proven of each environment's newest releases, and what to do where one failed. */
export function renderSummary(verdicts: readonly Settled[], repositoryUrl: string): string {
  const newest = newestOf(verdicts);
  const page = (commit: string): string => link(commit.slice(0, 7), `${repositoryUrl}/commit/${commit}`);
  const rows = newest.map(({ release, judgement: { verdict, said } }) => [
    escapeMarkdown(`${release.environment}/${release.image}`),
    page(release.source),
    page(release.commit),
    `${SIGNS[verdict]} ${verdict}: ${escapeMarkdown(said)}`,
  ]);
  const replaced = verdicts
    .filter((one) => one.isNew && !newest.includes(one))
    .map(({ release, judgement: { verdict, said } }) => {
      const place = escapeMarkdown(`${release.environment}/${release.image}`);
      return `- ${place} ${page(release.commit)}: ${verdict}, ${escapeMarkdown(said)}`;
    });
  return [
    `### ${headline(newest)}`,
    '',
    ...(rows.length === 0 ? [] : [table(['image', 'source', 'release', 'proven'], rows), '']),
    ...(replaced.length === 0 ? [] : ['Releases that newer ones replaced:', '', ...replaced, '']),
    `**Next:** ${nextStep(newest, repositoryUrl)}`,
    '',
  ].join('\n');
}

function headline(newest: readonly Settled[]): string {
  const count = (verdict: keyof typeof SIGNS): number =>
    newest.filter(({ judgement }) => judgement.verdict === verdict).length;
  if (newest.length === 0) return 'Nothing was released yet';
  const parts = (['failed', 'unknown', 'pending', 'running'] as const)
    .filter((verdict) => count(verdict) > 0)
    .map((verdict) => `${SIGNS[verdict]} ${count(verdict)} ${verdict}`);
  return `Newest releases: ${parts.join(', ')}`;
}

function nextStep(newest: readonly Settled[], repositoryUrl: string): string {
  const failed = newest.find(({ judgement }) => judgement.verdict === 'failed');
  if (failed !== undefined) {
    const rollback = link('Rollback', `${repositoryUrl}/actions/workflows/rollback.yml`);
    return `start ${rollback} for ${inlineCode(failed.release.environment)}, and the images stay on the set before until you let go.`;
  }
  const silent = newest.find(({ judgement }) => judgement.verdict === 'unknown');
  if (silent !== undefined) {
    const doctor = inlineCode(`npm run -s slipway -- doctor ${silent.release.environment}`);
    return `${doctor} names the cause. A newer report of Argo CD changes the verdict by itself.`;
  }
  const isOpen = newest.some(({ judgement }) => judgement.verdict === 'pending');
  return isOpen ? 'nothing: the next report of Argo CD changes this by itself.' : 'nothing.';
}
