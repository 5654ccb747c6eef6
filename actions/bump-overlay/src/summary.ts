import { commitLink, type RepositoryPage, shortDigest } from '#core/action/summary.ts';
import type { ImageOutcome } from '#core/release/decide.ts';
import type { LandResult } from '#core/release/land.ts';
import { describeBinding } from '#core/release/rules.ts';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';

/** Where links of a summary lead, and what the run was about. */
export interface SummaryContext extends RepositoryPage {
  readonly branch: string;
}

/** Returns the job summary: what changed, from what to what, where to look, what to do next. */
export function renderSummary(result: LandResult, context: SummaryContext): string {
  return [
    `### ${headline(result)}`,
    '',
    table(
      ['environment', 'image', 'outcome', 'from', 'to', 'source'],
      result.images.map((image) => [
        escapeMarkdown(image.environment),
        inlineCode(image.image),
        image.outcome,
        shortDigest(image.from),
        shortDigest(image.to),
        commitLink(image.source, context),
      ]),
    ),
    '',
    ...renderContainers(result),
    ...result.images.flatMap((image) => explainWinner(image, context)),
    ...result.images.flatMap((image) => explainHold(image, context)),
    ...result.images.flatMap(explainNote),
    nextStep(result, context),
    '',
    ...renderFooter(result),
  ].join('\n');
}

function headline(result: LandResult): string {
  const place = escapeMarkdown(listEnvironments(result, result.outcome).join(', '));
  switch (result.outcome) {
    case 'landed':
      return `🚢 Landed in ${place}`;
    case 'unchanged':
      return `✅ ${place} has it already`;
    case 'held':
      return `✋ Held in ${place}`;
    case 'superseded':
      return `⏭️ Superseded in ${place}`;
  }
}

function listEnvironments({ images }: LandResult, outcome: LandResult['outcome']): string[] {
  const matching = images.filter((image) => image.outcome === outcome);
  return [...new Set(matching.map(({ environment }) => environment))];
}

function renderContainers({ edits }: LandResult): string[] {
  if (edits.length === 0) return [];
  const rows = edits.flatMap(({ environment, containers }) =>
    containers.map((change) => [
      escapeMarkdown(environment),
      escapeMarkdown(`${change.kind} ${change.namespace === undefined ? '' : `${change.namespace}/`}${change.name}`),
      inlineCode(change.container),
      inlineCode(change.from),
      inlineCode(change.to),
    ]),
  );
  return [
    '**What the cluster will see** (rendered before and after; nothing else differs)',
    '',
    table(['environment', 'workload', 'container', 'from', 'to'], rows),
    '',
  ];
}

function explainWinner({ environment, image, winner }: ImageOutcome, context: SummaryContext): string[] {
  if (winner === undefined) return [];
  const commit = winner.commit === undefined ? 'the same commit' : commitLink(winner.commit, context);
  const where = `${commitLink(winner.source, context)}, landed by ${commit} in ${link('its run', winner.run)}`;
  return [
    `${inlineCode(`${environment}/${image}`)} stays on the newer release: ${shortDigest(winner.to)} from ${where}.`,
    '',
  ];
}

function explainHold({ environment, image, hold }: ImageOutcome, context: SummaryContext): string[] {
  if (hold === undefined) return [];
  const commit = hold.commit === undefined ? '' : ` (${commitLink(hold.commit, context)})`;
  return [`${inlineCode(`${environment}/${image}`)} stays: ${escapeMarkdown(describeBinding(hold))}${commit}.`, ''];
}

function explainNote({ environment, image, note }: ImageOutcome): string[] {
  return note === undefined ? [] : [`${inlineCode(`${environment}/${image}`)}: ${escapeMarkdown(note)}.`, ''];
}

function nextStep(result: LandResult, context: SummaryContext): string {
  switch (result.outcome) {
    case 'landed': {
      const commit = commitLink(result.commit ?? '', context);
      const look = `kubectl get applications -n argocd ${listEnvironments(result, 'landed').join(' ')}`;
      return `**Next:** Argo CD applies ${commit} from ${inlineCode(context.branch)}, within half a minute without a webhook. This run does not wait for the pods; to see them arrive: ${inlineCode(look)}.`;
    }
    case 'unchanged':
      return '**Next:** nothing. The overlays name these digests already, so nothing was committed.';
    case 'held':
      return `**Next:** nothing, until you let go. Then start the workflow ${link('Hold', `${context.repositoryUrl}/actions/workflows/hold.yml`)} with the action \`release\`: it deploys the newest build in the same commit.`;
    case 'superseded':
      return '**Next:** nothing. A newer commit is deployed, so nothing was committed.';
  }
}

function renderFooter({ lostRaces, edits, batch }: LandResult): string[] {
  const [edit] = edits;
  const tool = edit === undefined ? [] : [`Rendered with ${edit.kustomize.name} ${edit.kustomize.version}.`];
  const races =
    lostRaces === 0 ? [] : [`The branch moved ${lostRaces} times meanwhile; the change was applied again each time.`];
  const others = batch === undefined || batch < 2 ? [] : [`The commit landed ${batch} intents, this one among them.`];
  const words = [...tool, ...races, ...others];
  return words.length === 0 ? [] : [`<sub>${escapeMarkdown(words.join(' '))}</sub>`, ''];
}
