import type { PullRecord, PullSettings } from '#lab/github/pulls/records.ts';
import type { Git } from '#lab/github/rest/git.ts';

/**
 * Returns the default message of a squash. With the default title, COMMIT_OR_PR_TITLE, the title is that of the one
 * commit, and the pull request's where it has more. Authors of further commits are named in a paragraph of their own.
 * https://docs.github.com/en/rest/repos/repos#update-a-repository
 */
export async function describeSquash(
  git: Git,
  { number, title, body, head }: PullRecord,
  base: string,
  { squashMessage }: PullSettings,
): Promise<{ readonly title: string; readonly message: string }> {
  const range = `${base}..${head.sha}`;
  const { text } = await git(['log', '--reverse', '--no-merges', '--format=%s%x00%b%x00%an <%ae>%x00%x01', range]);
  const commits = text
    .split('\x01')
    .map((entry) => entry.replace(/^\n/, '').split('\0'))
    .filter(([subject]) => subject !== '')
    .map(([subject = '', text = '', author = '']) => ({ subject, text: text.trim(), author }));
  const [only] = commits;
  const isOne = only !== undefined && commits.length === 1;
  const listed = commits.map((one) => `* ${one.subject}${one.text === '' ? '' : `\n\n${one.text}`}`).join('\n\n');
  const message = {
    COMMIT_MESSAGES: isOne ? only.text : listed,
    PR_BODY: body ?? '',
    BLANK: '',
  }[squashMessage];
  const others = [...new Set(commits.map(({ author }) => author))].filter((author) => author !== only?.author);
  const credit = others.map((author) => `Co-authored-by: ${author}`).join('\n');
  const line = squashMessage === 'COMMIT_MESSAGES' && !isOne && credit !== '' ? '---------\n\n' : '';
  return {
    title: `${isOne ? only.subject : title} (#${number})`,
    message: `${message}\n\n${line}${credit}`.trim(),
  };
}
