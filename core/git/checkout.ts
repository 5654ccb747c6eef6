import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import { quoteWord } from '#core/values/shell.ts';

/** Every exit code is an answer, and its words are those that we look for. */
const READING = { accept: 'any', extraEnv: { LC_ALL: 'C' } } as const;

/** The exit status of git-remote(1) where the remote is not found. */
const NO_SUCH_REMOTE = 2;

/** Returns the URL behind the checkout's `origin`. It may hold credentials: never print it. */
export async function readOriginUrl(exec: Exec, checkout: string): Promise<string> {
  const url = await askOrigin(exec, checkout, 'check the repository out in an earlier step');
  const isPath = !/^[a-z+]+:\/\//i.test(url) && !/^[^/]+:/.test(url);
  // as a URL: from a path alone git takes no part of a repository
  return isPath ? pathToFileURL(isAbsolute(url) ? url : resolve(checkout, url)).href : url;
}

/** Returns what git says is the address of `origin`; refuses a folder without one, with the cause and `remedy`. */
export async function askOrigin(exec: Exec, folder: string, remedy: string): Promise<string> {
  const argv = ['git', '-C', folder, 'remote', 'get-url', 'origin'] as const;
  const { code, stdout, stderr } = await exec(argv, READING);
  const url = stdout.toString('utf8').trim();
  if (code === 0 && url !== '') return url;
  if (code !== NO_SUCH_REMOTE) throw explainFolder(folder, stderr, remedy);
  const remotes = (await exec(['git', '-C', folder, 'remote'], { accept: 'any' })).stdout.toString('utf8');
  const [other] = remotes.split('\n').filter(Boolean);
  const way = other === undefined ? 'remote add origin ADDRESS' : `remote rename ${quoteWord(other)} origin`;
  throw new Refusal(
    `${folder} has no remote named origin${other === undefined ? '' : `, but ${remotes.trim().split('\n').join(', ')}`}: git -C ${quoteWord(folder)} ${way}`,
  );
}

/** Refuses a folder that git does not read as a checkout, with the cause and `remedy`. */
export async function refuseUnread(exec: Exec, folder: string, remedy: string): Promise<void> {
  const { code, stderr } = await exec(['git', '-C', folder, 'rev-parse', '--git-dir'], READING);
  if (code !== 0) throw explainFolder(folder, stderr, remedy);
}

/** Returns why git does not read a folder: the cause as git names it, and what helps. */
function explainFolder(folder: string, stderr: string, remedy: string): Refusal {
  if (/dubious ownership|unsafe repository/.test(stderr)) {
    // git's own advice, whose path is quoted already; the owner of `.git` alone may be the wrong one
    const path = /safe\.directory (.+)$/m.exec(stderr)?.[1] ?? quoteWord(folder);
    return new Refusal(
      `git does not read ${folder}, which belongs to another user of this machine, as in a container job; where you trust it: git config --global --add safe.directory ${path}`,
    );
  }
  const said =
    stderr
      .trim()
      .split('\n')
      .at(-1)
      ?.replace(/^(fatal|error): /, '') ?? '';
  if (said === '' || /\(or any (of the )?parent/.test(said))
    return new Refusal(
      `${folder} is not a git checkout: ${remedy}, where git is installed already (without git, actions/checkout brings the files alone)`,
    );
  return new Refusal(`git cannot read the checkout ${folder}: ${said}; ${remedy}`);
}
