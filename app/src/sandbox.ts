import { request as overHttp } from 'node:http';
import { request as overTls } from 'node:https';

/** Code to run in the sandbox, and what it may use. */
export interface SandboxRun {
  /** Name of the folder that stays from run to run: lower-case letters, digits and dashes. */
  readonly workspace: string;
  /** With `code`; in their place, `command`. */
  readonly language?: 'bash' | 'javascript' | 'python' | 'sh';
  readonly code?: string;
  /** A program and its arguments. */
  readonly command?: readonly [string, ...string[]];
  readonly stdin?: string;
  /** Written into the workspace first, by their paths in it. */
  readonly files?: Readonly<Record<string, Uint8Array>>;
  /** Files and folders of the workspace that come back. */
  readonly collect?: readonly string[];
  /** 1 to 300; 30 where it is not given. */
  readonly timeoutSeconds?: number;
  /** Of standard output and of standard error, each; 65536 where it is not given, 1048576 at most. */
  readonly outputBytes?: number;
}

/** What came of it. */
export interface SandboxResult {
  /** Undefined where a signal ended it. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly timedOut: boolean;
  readonly stdout: string;
  readonly stderr: string;
  readonly truncated: { readonly stdout: boolean; readonly stderr: boolean };
  readonly files: Readonly<Record<string, Uint8Array>>;
  /** Files that were asked for and did not come back. */
  readonly omitted: readonly { readonly path: string; readonly why: string }[];
}

/** The sandbox did not run the code; the message is for a log, `isBusy` says that it will in a moment. */
export class SandboxError extends Error {
  override readonly name = 'SandboxError';
  readonly isBusy: boolean;

  constructor(message: string, isBusy = false) {
    super(message);
    this.isBusy = isBusy;
  }
}

/** The sandbox, from the bot's side. */
export interface Sandbox {
  /** Runs code; throws a {@link SandboxError} where it was not run, or the answer did not come. */
  run(wanted: SandboxRun, signal?: AbortSignal): Promise<SandboxResult>;
  /** Returns nothing when it is alive, else the reason in one sentence. */
  check(signal: AbortSignal): Promise<string | undefined>;
}

/** Runs wait for their turn: as many as the sandbox lets wait, each with the longest time. */
const LONGEST_WAIT_MS = 9 * 300_000;
/** What comes back at most: output, files in base64, and what holds them together. */
const MOST_BYTES = 32 * 1024 * 1024;

/** Opens the sandbox at a URL, such as http://dev-sandbox. */
export function openSandbox(url: string): Sandbox {
  return {
    run: async ({ files = {}, ...wanted }, signal) => {
      const encoded = Object.entries(files).map(([path, bytes]) => [path, Buffer.from(bytes).toString('base64')]);
      const limit = AbortSignal.timeout(LONGEST_WAIT_MS);
      const text = JSON.stringify({ ...wanted, files: Object.fromEntries(encoded) });
      const both = signal === undefined ? limit : AbortSignal.any([signal, limit]);
      const { status, body } = await ask(new URL('/runs', url), 'POST', both, text);
      const answer = parseJson(body);
      if (status === 200) return readResult(answer);
      const why = isRecord(answer) && typeof answer['error'] === 'string' ? answer['error'] : `HTTP ${status}`;
      throw new SandboxError(`the sandbox did not run it: ${why}`, status === 429 || status === 503);
    },
    check: async (signal) => {
      const { status } = await ask(new URL('/health', url), 'GET', signal);
      return status === 200 ? undefined : `the sandbox answers HTTP ${status}`;
    },
  };
}

/**
 * Asks once, by Node's own client: `fetch` gives up where an answer takes five minutes to begin, and a run may wait longer.
 * The code may have replaced the server: nothing that comes is too long, and no other address is followed.
 */
function ask(to: URL, method: string, signal: AbortSignal, text?: string): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const fail = (): void => {
      const reason: unknown = signal.reason;
      const remedy = 'is its pod ready (kubectl get pods -l app=dev-sandbox)?';
      reject(signal.aborted ? reason : new SandboxError(`the sandbox at ${to.origin} does not answer: ${remedy}`));
    };
    const headers =
      text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) };
    const call = (to.protocol === 'https:' ? overTls : overHttp)(to, { method, headers, signal, agent: false });
    call.once('response', (answer) => {
      const chunks: Buffer[] = [];
      let length = 0;
      answer.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        length += chunk.length;
        if (length <= MOST_BYTES) return;
        reject(new SandboxError(`the sandbox's answer has more than ${MOST_BYTES} bytes`));
        call.destroy();
      });
      answer.once('error', fail);
      answer.once('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }),
      );
    });
    call.once('error', fail);
    call.end(text);
  });
}

function readResult(body: unknown): SandboxResult {
  const answer = isRecord(body) ? body : {};
  const { exitCode, signal, timedOut, stdout, stderr, truncated, files, omitted } = answer;
  const isWhole =
    typeof timedOut === 'boolean' &&
    typeof stdout === 'string' &&
    typeof stderr === 'string' &&
    isRecord(truncated) &&
    isRecord(files) &&
    Array.isArray(omitted);
  if (!isWhole) throw new SandboxError("the sandbox's answer is not the one that docs/sandbox.md describes");
  return {
    exitCode: typeof exitCode === 'number' ? exitCode : undefined,
    signal: typeof signal === 'string' ? signal : undefined,
    timedOut,
    stdout,
    stderr,
    truncated: { stdout: truncated['stdout'] === true, stderr: truncated['stderr'] === true },
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, Buffer.from(String(content), 'base64')]),
    ),
    omitted: omitted.filter(isRecord).map((one) => ({ path: String(one['path']), why: String(one['why']) })),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
