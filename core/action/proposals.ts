import type { RepositoryPage } from '#core/action/summary.ts';
import type { LandResult } from '#core/release/land.ts';
import type { Proposal } from '#core/release/proposal.ts';
import { escapeMarkdown, inlineCode, link } from '#core/values/markdown.ts';

/** The account behind a job's own token. */
const JOB = 'github-actions[bot]';

/** Returns the addresses of the pull requests of a result, separated by spaces. */
export function listPulls({ proposals = [] }: Pick<LandResult, 'proposals'>): string {
  return proposals.map(({ url }) => url).join(' ');
}

/** Returns the headline of what was proposed. */
export function headlineProposed({ proposals = [] }: LandResult): string {
  const open = proposals.filter(({ state }) => state === 'open');
  const place = escapeMarkdown(open.map(({ environment }) => environment).join(', '));
  return open.length === 0
    ? '✅ The pull request is closed: nothing is left in it'
    : `📬 Proposed for ${place}, not merged`;
}

/** Returns what happens to what was proposed, and what to do. */
export function nextProposed({ proposals = [] }: Pick<LandResult, 'proposals'>): string {
  const open = proposals.filter(({ state }) => state === 'open');
  if (open.length === 0) return 'nothing.';
  const links = open.map((one) => linkTo(one)).join(', ');
  return `merge ${links}, by merge commit, squash or rebase; nothing is deployed before. Close it to turn it down.`;
}

/** Returns what is to be known of each pull request: where it is, who opened it and what follows from that. */
export function renderProposals({ proposals = [] }: Pick<LandResult, 'proposals'>): string[] {
  return proposals.flatMap((one) => {
    const { environment, author, state, notes } = one;
    const what = state === 'open' ? 'is open' : 'was closed';
    const lines = notes.map((note) => `- ${escapeMarkdown(note)}`);
    const runs = state === 'open' ? ` ${explainAuthor(author)}` : '';
    return [
      `${linkTo(one)} for ${escapeMarkdown(environment)} ${what}.${runs}`,
      ...(lines.length === 0 ? [] : ['', ...lines]),
      '',
    ];
  });
}

/** Returns what brought a release that no commit of the branch has: the environment's pull request, or the same commit. */
export function nameProposer(environment: string, { proposals = [] }: Pick<LandResult, 'proposals'>): string {
  const own = proposals.find((one) => one.environment === environment);
  return own === undefined ? 'landed by the same commit' : `proposed in ${linkTo(own)}`;
}

/**
 * Returns what brings on a digest that was turned down with its pull request, or that waits behind what others wrote;
 * empty where something else holds it.
 */
export function explainTurnedDown({ images, proposals = [] }: LandResult, { repositoryUrl }: RepositoryPage): string {
  const [pull] = images.flatMap(({ hold }) => hold?.pull ?? []);
  if (pull === undefined) return '';
  const open = proposals.find(({ state }) => state === 'open');
  const then = 'the next push is proposed then.';
  if (open !== undefined)
    return `merge ${linkTo(open)} as it is, or delete its branch to drop what others wrote; ${then}`;
  if (pull === 0) return `delete the branch to drop what others wrote; ${then}`;
  const page = link(`#${pull}`, `${repositoryUrl}/pull/${pull}`);
  return `nothing: a newer build is proposed by itself. To have this one: reopen ${page}, or start this workflow by hand (${inlineCode('workflow_dispatch')}).`;
}

function linkTo({ number, url }: Proposal): string {
  return link(`#${number}`, url);
}

/** Who opened it decides whether its checks run. */
function explainAuthor(author: string): string {
  if (author === JOB)
    return "It was opened by the job's own token: the runs that it starts wait until a person approves them on its page. The token of a GitHub App has no such wait.";
  if (author.endsWith('[bot]'))
    return `It was opened by the App ${escapeMarkdown(author.slice(0, -'[bot]'.length))}, so its runs start by themselves.`;
  return `It was opened by the token of ${escapeMarkdown(author)}, so its runs start by themselves.`;
}
