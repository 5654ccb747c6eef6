import type { RunGit } from '#core/git/remote.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** Who is written into commits that the pipeline makes: the account behind the job's own token. */
export const PIPELINE_IDENTITY = 'github-actions[bot] <41898282+github-actions[bot]@users.noreply.github.com>';

/** A file of a new commit. */
export interface FileChange {
  readonly path: string;
  readonly mode: string;
  readonly content: Uint8Array;
}

/** A commit to write: one parent, and the files that change. Without a parent it is a root commit of these files alone. */
export interface NewCommit {
  readonly parent?: CommitSha | undefined;
  /** The parent's tree, where it is known: a transport that needs it need not ask. */
  readonly tree?: string | undefined;
  readonly message: string;
  readonly files: readonly FileChange[];
  /** GitHub's API puts its own time instead: it signs only commits whose author and date it sets itself. */
  readonly at: Date;
  /** Author and committer, as `Name <address>`; the account behind the job's own token where it is not given. */
  readonly identity?: string;
}

/** One process for blobs, trees and commit; only the trees on the files' own paths are read. No branch moves. */
export async function writeCommit(run: RunGit, what: NewCommit): Promise<CommitSha> {
  const when = `${Math.floor(what.at.getTime() / 1000)} +0000`;
  // a root commit has a ref of its own, so that none is taken for its parent
  const ref = what.parent === undefined ? 'refs/slipway/root' : 'refs/slipway/landing';
  const { identity = PIPELINE_IDENTITY } = what;
  const message = Buffer.from(what.message, 'utf8');
  const stream = [
    Buffer.from(
      `feature get-mark\ncommit ${ref}\nmark :1\nauthor ${identity} ${when}\ncommitter ${identity} ${when}\n`,
    ),
    dataOf(message),
    ...(what.parent === undefined ? [] : [Buffer.from(`from ${what.parent}\n`)]),
    ...what.files.flatMap((file) => [
      Buffer.from(`M ${file.mode} inline ${quotePath(file.path)}\n`),
      dataOf(file.content),
    ]),
    Buffer.from('get-mark :1\ndone\n'),
  ];
  const argv = ['fast-import', '--quiet', '--force', '--done', '--date-format=raw'];
  const { stdout } = await run(argv, { input: Buffer.concat(stream) });
  return parseCommitSha('git fast-import', stdout.toString('utf8').trim());
}

function dataOf(content: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`data ${content.byteLength}\n`), content, Buffer.from('\n')]);
}

function quotePath(path: string): string {
  return `"${path.replace(/[\\"]/g, (char) => `\\${char}`).replace(/\n/g, '\\n')}"`;
}
