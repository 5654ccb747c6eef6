import { join } from 'node:path';
import type { Tokens } from '#lab/github/identity/tokens.ts';
import type { Pulls } from '#lab/github/pulls/pulls.ts';
import { createBareRepository } from '#lab/github/repository.ts';
import type { Lab } from '#lab/supervisor/lab.ts';

interface ForkParts {
  readonly lab: Lab;
  readonly root: string;
  readonly url: string;
  readonly tokens: Tokens;
  readonly pulls: Pulls;
  readonly name: string;
}

/** Makes a fork that `owner` may push to; returns its clone address with the owner's token in it. */
export async function makeFork({ lab, root, url, tokens, pulls, name }: ForkParts, owner: string): Promise<string> {
  const fork = `${owner}/${name.split('/')[1]}`;
  const bare = join(root, `${fork}.git`);
  await createBareRepository(lab, bare);
  await lab.exec(['git', '-C', bare, 'fetch', '--quiet', join(root, `${name}.git`), 'refs/heads/*:refs/heads/*']);
  pulls.addFork(fork, bare);
  const token = tokens.issue({ kind: 'user', login: owner });
  return `http://${owner}:${token}@${url.slice('http://'.length)}/${fork}.git`;
}
