import { describeUnfollowed, type Unfollowed } from '#core/action/applications.ts';
import { listPulls, nameProposer, renderProposals } from '#core/action/proposals.ts';
import { commitLink, type RepositoryPage, shortDigest } from '#core/action/summary.ts';
import type { EnvironmentConfig } from '#core/config/config.ts';
import type { ImageOutcome } from '#core/release/decide.ts';
import type { LandResult } from '#core/release/land.ts';
import { nameStatus } from '#core/release/name-status.ts';
import type { EnvironmentEdit } from '#core/release/plan.ts';
import { describeBinding } from '#core/release/rules.ts';
import { escapeMarkdown, inlineCode, link, table } from '#core/values/markdown.ts';

/** Where links of a summary lead, and which branch the run was about. */
export interface LandingPage extends RepositoryPage {
  readonly branch: string;
  /** The environments of the result that no Argo CD Application is known to follow; empty where it was not looked for. */
  readonly unfollowed?: readonly Unfollowed[];
}

/** Returns the outputs of a landed intent. */
export function describeLanding(result: LandResult) {
  const releases = JSON.stringify(describeImages(result.images));
  return { outcome: result.outcome, commit: result.commit ?? '', releases, 'pull-request': listPulls(result) };
}

/** Returns what became of images, in the form that programs read. */
export function describeImages(images: readonly ImageOutcome[]) {
  return images.map(({ environment, image, outcome, from, to, source, winner, hold }) => ({
    environment,
    image,
    outcome,
    from: from ?? null,
    to,
    source,
    winner:
      winner === undefined
        ? null
        : { to: winner.to, source: winner.source, commit: winner.commit ?? null, run: winner.run },
    hold:
      hold === undefined
        ? null
        : {
            kind: hold.kind,
            reason: hold.reason,
            by: hold.by,
            since: hold.since,
            until: hold.until ?? null,
            commit: hold.commit ?? null,
          },
  }));
}

/** Returns the summary of a landed intent: the headline, what became of each image and hold, what to do next. */
export function renderLanding(headline: string, result: LandResult, next: string, page: LandingPage): string {
  const { images } = result;
  const rows = images.map((image) => [
    escapeMarkdown(image.environment),
    inlineCode(image.image),
    image.outcome,
    shortDigest(image.from),
    shortDigest(image.to),
    commitLink(image.source, page),
  ]);
  const head = ['environment', 'image', 'outcome', 'from', 'to', 'source'];
  return [
    `### ${headline}`,
    '',
    ...(rows.length === 0 ? [] : [table(head, rows), '']),
    ...renderHolds(result),
    ...renderContainers(result),
    ...images.flatMap((image) => explainWinner(image, result, page)),
    ...images.flatMap((image) => explainHold(image, page)),
    ...images.flatMap(explainNote),
    ...renderProposals(result),
    ...(page.unfollowed ?? []).flatMap(explainUnfollowed),
    `**Next:** ${next}`,
    '',
    ...renderFooter(result),
  ].join('\n');
}

/** Returns the environments of the images with this outcome. */
export function listEnvironments({ images }: LandResult, outcome: LandResult['outcome']): string[] {
  const matching = images.filter((image) => image.outcome === outcome);
  return [...new Set(matching.map(({ environment }) => environment))];
}

/** What a headline says behind a commit that no pod is known to run yet. */
export const NOT_SEEN = 'not yet seen running';

/** Returns what happens after a commit landed, what is proven so far and what is not, and where to look. */
export function explainArrival(
  { commit, images }: Pick<LandResult, 'commit' | 'images'>,
  environments: readonly string[],
  page: LandingPage,
): string {
  return explainArrivals([commit ?? ''], environments, images, page);
}

/** Returns the same of several commits, and of all their images. */
export function explainArrivals(
  commits: readonly string[],
  environments: readonly string[],
  images: readonly ImageOutcome[],
  page: LandingPage,
): string {
  const names = environments.map((name) => ` ${name}`).join('');
  const links = commits.map((commit) => commitLink(commit, page)).join(', ');
  const proven = commits.length === 1 ? 'the commit is' : 'the commits are';
  return [
    `Argo CD applies ${links} from ${inlineCode(page.branch)}, within half a minute without a webhook.`,
    `**Proven so far:** ${proven} on ${inlineCode(page.branch)}, and kustomize renders what ${commits.length === 1 ? 'it says' : 'they say'}.`,
    '**Not proven:** that the pods start and answer; this run does not wait for them.',
    ...explainVerdicts(images, page),
    `${inlineCode(`kubectl get applications -n argocd${names}`)} says \`Synced\` and \`Healthy\` once they do.`,
    `Where it says anything else for more than a minute, ${inlineCode(`kubectl describe applications -n argocd${names}`)} says why.`,
  ].join(' ');
}

/** Where the verdict will be seen: on the commit whose author waits for it, not on the one of the pipeline. */
function explainVerdicts(images: readonly ImageOutcome[], page: LandingPage): string[] {
  const landed = images.filter(({ outcome }) => outcome === 'landed');
  const sources = [...new Set(landed.map(({ source }) => source))];
  const places = sources.map((source) => {
    const own = landed.filter((image) => image.source === source);
    const names = own.map(({ environment, image }) => inlineCode(nameStatus(environment, image)));
    return `${names.join(', ')} on ${commitLink(source, page)}`;
  });
  if (places.length === 0) return [];
  const word = landed.length === 1 ? 'the status' : 'the statuses';
  return [`**The verdict** will be ${word} ${places.join('; ')}, where ${inlineCode('verdict.yml')} is set up.`];
}

/** Returns how to take a landed commit back; a first release has nothing behind it. */
export function explainReturn({ commit }: LandResult, page: LandingPage): string {
  const back = workflowLink('Rollback', 'rollback.yml', page);
  return `To take it back: ${back}, with 1 step; a first release: ${inlineCode(`git revert ${commit?.slice(0, 7) ?? ''}`)}.`;
}

/** Returns how to let go of what is held, and what deploys then. */
export function explainRelease(deploys: EnvironmentConfig['deploys'] | undefined, page: LandingPage): string {
  const hold = `${workflowLink('Hold', 'hold.yml', page)} with the action \`release\``;
  if (deploys === 'on-promotion')
    return `${hold}; then ${workflowLink('Promote', 'promote.yml', page)} brings the next set.`;
  if (deploys === 'by-hand') return `${hold}; then deploy by hand.`;
  const others = deploys === undefined ? ' (where releases come by hand: run this again afterwards)' : '';
  return `${hold} deploys the newest build in the same commit${others}.`;
}

/** Returns a link to a workflow's page, where a person starts it. */
export function workflowLink(name: string, file: string, { repositoryUrl }: RepositoryPage): string {
  return link(name, `${repositoryUrl}/actions/workflows/${file}`);
}

function renderHolds({ holds }: LandResult): string[] {
  if (holds.length === 0) return [];
  const rows = holds.map(({ environment, image, action, kind }) => [
    escapeMarkdown(environment),
    image === '*' ? 'all' : inlineCode(image),
    action === 'set' ? 'held' : 'let go',
    kind,
  ]);
  return [table(['environment', 'image', 'hold', 'kind'], rows), ''];
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

function explainWinner({ environment, image, winner }: ImageOutcome, result: LandResult, page: LandingPage): string[] {
  if (winner === undefined) return [];
  const run = winner.run === '' ? '' : ` in ${link('its run', winner.run)}`;
  const by =
    winner.commit === undefined ? nameProposer(environment, result) : `landed by ${commitLink(winner.commit, page)}`;
  const where = `${commitLink(winner.source, page)}, ${by}${run}`;
  return [
    `${inlineCode(`${environment}/${image}`)} stays on the newer release: ${shortDigest(winner.to)} from ${where}.`,
    '',
  ];
}

function explainHold({ environment, image, hold }: ImageOutcome, page: LandingPage): string[] {
  if (hold === undefined) return [];
  const commit = hold.commit === undefined ? '' : ` (${commitLink(hold.commit, page)})`;
  return [`${inlineCode(`${environment}/${image}`)} stays: ${escapeMarkdown(describeBinding(hold))}${commit}.`, ''];
}

function explainNote({ environment, image, note }: ImageOutcome): string[] {
  return note === undefined ? [] : [`${inlineCode(`${environment}/${image}`)}: ${escapeMarkdown(note)}.`, ''];
}

function explainUnfollowed(one: Unfollowed): string[] {
  const { fact, remedy } = describeUnfollowed(one);
  const parts = remedy.split('`').map((part, index) => (index % 2 === 0 ? escapeMarkdown(part) : inlineCode(part)));
  return [`⚠️ ${escapeMarkdown(fact)} ${parts.join('')}`, ''];
}

/** The version is kustomize's own, also where kubectl brings it. */
function describeKustomize({ name, version }: EnvironmentEdit['kustomize']): string {
  return name === 'kubectl' ? `kustomize ${version}, the one in kubectl` : `kustomize ${version}`;
}

function renderFooter({ lostRaces, edits, batch }: LandResult): string[] {
  const [edit] = edits;
  const tool = edit === undefined ? [] : [`Rendered with ${describeKustomize(edit.kustomize)}.`];
  const races =
    lostRaces === 0 ? [] : [`The branch moved ${lostRaces} times meanwhile; the change was decided again each time.`];
  const others = batch === undefined || batch < 2 ? [] : [`The commit landed ${batch} intents, this one among them.`];
  const words = [...tool, ...races, ...others];
  return words.length === 0 ? [] : [`<sub>${escapeMarkdown(words.join(' '))}</sub>`, ''];
}
