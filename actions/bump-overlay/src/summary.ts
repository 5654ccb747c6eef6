import { commitLink, type RepositoryPage, shortDigest } from '#core/action/summary.ts';
import type { ImageOutcome, Landing } from '#core/release/land.ts';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';

/** Where links of a summary lead. */
export interface SummaryContext extends RepositoryPage {
  readonly environment: string;
  readonly branch: string;
}

/** Returns the job summary: what changed, from what to what, where to look, what to do next. */
export function renderSummary(landing: Landing, context: SummaryContext): string {
  return [
    `### ${headline(landing, context)}`,
    '',
    table(
      ['image', 'outcome', 'from', 'to', 'source'],
      landing.images.map((image) => [
        inlineCode(image.image),
        image.outcome,
        shortDigest(image.from),
        shortDigest(image.to),
        commitLink(image.source, context),
      ]),
    ),
    '',
    ...renderContainers(landing),
    ...landing.images.flatMap((image) => explainWinner(image, context)),
    nextStep(landing, context),
    '',
    ...renderFooter(landing),
  ].join('\n');
}

function headline(landing: Landing, context: SummaryContext): string {
  const place = escapeMarkdown(context.environment);
  switch (landing.outcome) {
    case 'landed':
      return `🚢 Landed in ${place}`;
    case 'unchanged':
      return `✅ ${place} has it already`;
    case 'superseded':
      return `⏭️ Superseded in ${place}`;
  }
}

function renderContainers(landing: Landing): string[] {
  if (landing.edit === undefined) return [];
  const rows = landing.edit.containers.map((change) => [
    escapeMarkdown(`${change.kind} ${change.namespace === undefined ? '' : `${change.namespace}/`}${change.name}`),
    inlineCode(change.container),
    inlineCode(change.from),
    inlineCode(change.to),
  ]);
  return [
    '**What the cluster will see** (rendered before and after; nothing else differs)',
    '',
    table(['workload', 'container', 'from', 'to'], rows),
    '',
  ];
}

function explainWinner(image: ImageOutcome, context: SummaryContext): string[] {
  const { winner } = image;
  if (winner === undefined) return [];
  const where = `${commitLink(winner.source, context)}, landed by ${commitLink(winner.commit, context)} in ${link('its run', winner.run)}`;
  return [`${inlineCode(image.image)} stays on the newer release: ${shortDigest(winner.to)} from ${where}.`, ''];
}

function nextStep(landing: Landing, context: SummaryContext): string {
  switch (landing.outcome) {
    case 'landed':
      return `**Next:** Argo CD picks up ${commitLink(landing.commit ?? '', context)} on ${inlineCode(context.branch)} by itself, within half a minute without a webhook. To see it: ${inlineCode(`kubectl get applications -n argocd ${context.environment}`)}. To take it back: revert that commit.`;
    case 'unchanged':
      return '**Next:** nothing. The overlay names this digest already, so nothing was committed.';
    case 'superseded':
      return '**Next:** nothing. A newer commit is deployed; to go back on purpose, revert the commit that landed it.';
  }
}

function renderFooter(landing: Landing): string[] {
  const races =
    landing.lostRaces === 0
      ? []
      : [`The branch moved ${landing.lostRaces} times meanwhile; the change was applied anew each time.`];
  const tool =
    landing.edit === undefined
      ? []
      : [`Rendered with ${landing.edit.kustomize.name} ${landing.edit.kustomize.version}.`];
  const words = [...tool, ...races];
  return words.length === 0 ? [] : [`<sub>${escapeMarkdown(words.join(' '))}</sub>`, ''];
}
