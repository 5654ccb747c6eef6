import { type Authors, MOST_COMMITS, type People } from '#core/github/people.ts';

/** Who asks for an override of the destroy guard, and of which pull request. */
export interface Override {
  /** Who started the run, and who started it again. */
  readonly actors: readonly string[];
  readonly pullRequest: number | undefined;
}

const ASK = 'ask someone with write access who wrote none of it';

/**
 * Returns why these people may not override the destroy guard; undefined where they may: each has write access and
 * wrote nothing of the pull request. What git says of authors is their own word, so this keeps honest people from
 * allowing their own change by mistake; the reviewers of the environment `aws` are who keeps out the others.
 */
export async function judgeOverride(
  { actors, pullRequest }: Override,
  people: People | undefined,
): Promise<string | undefined> {
  if (pullRequest === undefined)
    return 'allow is given without the number of the pull request, so that its author is not known: give pull-request';
  if (people === undefined) return "allow is given without a token, so that no one's rights are known: give token";
  const authors = await people.authorsOf(pullRequest);
  for (const login of new Set(actors)) {
    const isTold = login !== '' && (await people.mayWrite(login));
    if (!isTold)
      return `${login || 'someone unknown'} has no write access and so may not override the destroy guard: ${ASK}`;
    const own = describeOwn(login, authors);
    if (own !== undefined) return `${login} ${own} and so may not override the destroy guard: ${ASK}`;
  }
  return describeUnknown(authors, pullRequest);
}

function describeOwn(login: string, { opener, commits }: Authors): string | undefined {
  const isSame = (other: string | undefined): boolean => other?.toLowerCase() === login.toLowerCase();
  if (isSame(opener)) return 'opened the pull request';
  const own = commits.find(({ logins }) => logins.some(isSame));
  return own && `wrote its commit ${own.sha.slice(0, 7)}`;
}

function describeUnknown({ commits }: Authors, pullRequest: number): string | undefined {
  const unknown = commits.find(({ logins }) => logins.includes(undefined));
  if (unknown !== undefined)
    return `GitHub does not know who wrote the commit ${unknown.sha.slice(0, 7)} of #${pullRequest}, so that anyone may be its author: commit with an address of the author's account, in another pull request`;
  if (commits.length < MOST_COMMITS) return undefined;
  return `#${pullRequest} has ${MOST_COMMITS} commits or more, and GitHub names the authors of no more: make the change in a smaller pull request`;
}
