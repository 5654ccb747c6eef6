import { inlineCode, link } from '#core/values/markdown.ts';

/** Where a summary's links lead. */
export interface RepositoryPage {
  /** `<server>/<owner>/<name>`. */
  readonly repositoryUrl: string;
}

/** Returns a digest as inline code, cut to the length that people compare by eye; a dash where there is none. */
export function shortDigest(digest: string | undefined): string {
  return digest === undefined ? '—' : inlineCode(`${digest.slice(0, 19)}…`);
}

/** Returns a link to a commit's page, shown by its first seven digits. */
export function commitLink(commit: string, { repositoryUrl }: RepositoryPage): string {
  return link(inlineCode(commit.slice(0, 7)), `${repositoryUrl}/commit/${commit}`);
}
