import { PassThrough } from 'node:stream';
import type { RunGit } from '#core/git/remote.ts';
import type { Hold } from '#core/system/exec.ts';

/** An object as git tells it. */
export interface GitObject {
  readonly oid: string;
  readonly type: string;
  readonly bytes: Buffer;
}

/** Returns the objects that names lead to, in their order; undefined where there is none. A name has no line break. */
export type ReadObjects = (names: readonly string[]) => Promise<(GitObject | undefined)[]>;

/** Reads objects of one repository by one process that stays, so that a question costs no start of git. */
export interface Objects {
  readonly read: ReadObjects;
  /** Ends the process; a later question starts another one. */
  close(): Promise<void>;
}

/** A question, and who waits for its answer. */
interface Question {
  readonly resolve: (object: GitObject | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/** A process that answers. */
interface Conversation {
  readonly input: PassThrough;
  readonly waiting: Question[];
  /** It keeps a step from ending only while someone waits for it. */
  hold?: Hold;
  ended: Promise<void>;
}

/** More names than this get a process of their own: the one that stays answers them one by one, and each answer wakes us. */
const MANY = 64;

/**
 * Opens the objects of the repository that `run` works in; `runLong` writes what it prints to a file first. Objects that
 * come later, by a fetch or a commit, are found: git looks for new packs before it says that it does not have one.
 */
export function openObjects(run: RunGit, runLong: RunGit): Objects {
  let current: Conversation | undefined;
  const forget = (ended: Conversation): void => {
    if (current === ended) current = undefined;
  };
  return {
    read: async (names) => {
      if (names.length === 0) return [];
      if (names.length > MANY) return readMany(runLong, names);
      current ??= converse(run, forget);
      return ask(current, names);
    },
    close: async () => {
      const ending = current;
      current = undefined;
      ending?.hold?.take();
      ending?.input.end();
      await ending?.ended;
    },
  };
}

async function ask(conversation: Conversation, names: readonly string[]): Promise<(GitObject | undefined)[]> {
  const { input, waiting } = conversation;
  const answers = names.map(
    () =>
      new Promise<GitObject | undefined>((resolve, reject) => {
        waiting.push({ resolve, reject });
      }),
  );
  conversation.hold?.take();
  input.write(`${names.join('\n')}\n`);
  try {
    return await Promise.all(answers);
  } finally {
    if (waiting.length === 0) conversation.hold?.letGo();
  }
}

async function readMany(run: RunGit, names: readonly string[]): Promise<(GitObject | undefined)[]> {
  const { stdout } = await run(['cat-file', '--batch', '--buffer'], { input: `${names.join('\n')}\n` });
  const objects: (GitObject | undefined)[] = [];
  createReader((object) => objects.push(object))(stdout);
  return objects;
}

/** Starts a process; `onEnd` hears when it is gone, and questions that still wait are rejected with the cause. */
function converse(run: RunGit, onEnd: (conversation: Conversation) => void): Conversation {
  const conversation: Conversation = { input: new PassThrough(), waiting: [], ended: Promise.resolve() };
  const { input, waiting } = conversation;
  const onOutput = createReader((object) => waiting.shift()?.resolve(object));
  const onStart = (hold: Hold): void => {
    conversation.hold = hold;
  };
  const settle = (error: unknown): void => {
    onEnd(conversation);
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  conversation.ended = run(['cat-file', '--batch'], { input, onOutput, onStart }).then(
    () => settle(new Error('git cat-file ended before it answered')),
    settle,
  );
  return conversation;
}

/**
 * Cuts git's output into answers: `<oid> <type> <size>\n<bytes>\n` for an object, otherwise one line (`<name> missing`).
 * A chunk may end anywhere.
 */
function createReader(onAnswer: (object: GitObject | undefined) => void): (chunk: Buffer) => void {
  let chunks: Buffer[] = [];
  let length = 0;
  let wanted = 1; // bytes that must be here before it is worth a look
  return (chunk) => {
    chunks.push(chunk);
    length += chunk.length;
    if (length < wanted) return;
    let rest = chunks.length === 1 ? chunk : Buffer.concat(chunks);
    for (;;) {
      const answer = cutAnswer(rest);
      if (typeof answer === 'number') {
        wanted = answer;
        break;
      }
      rest = rest.subarray(answer.length);
      onAnswer(answer.object);
    }
    chunks = rest.length === 0 ? [] : [rest];
    length = rest.length;
  };
}

/** Returns the first whole answer, or how many bytes there must be at least. */
function cutAnswer(bytes: Buffer): { readonly object: GitObject | undefined; readonly length: number } | number {
  const line = bytes.indexOf(0x0a);
  if (line === -1) return bytes.length + 1;
  const [, oid, type, size] = /^([0-9a-f]+) (\w+) (\d+)$/.exec(bytes.toString('latin1', 0, line)) ?? [];
  if (oid === undefined || type === undefined) return { object: undefined, length: line + 1 };
  const [start, end] = [line + 1, line + 1 + Number(size)];
  if (bytes.length < end + 1) return end + 1;
  return { object: { oid, type, bytes: bytes.subarray(start, end) }, length: end + 1 };
}
