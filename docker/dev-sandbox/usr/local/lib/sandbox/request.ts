import { LIMITS } from './settings.ts';

/** A run as it is asked for, checked. */
export interface RunRequest {
  readonly workspace: string;
  readonly command: readonly [string, ...string[]];
  readonly stdin: string;
  /** Written into the workspace first, by their paths in it. */
  readonly files: readonly { readonly path: string; readonly content: Buffer }[];
  /** Files and folders of the workspace that come back. */
  readonly collect: readonly string[];
  readonly timeoutMs: number;
  readonly outputBytes: number;
}

/** A request that is refused, by its HTTP status and a sentence for whoever asked. */
export class Refused extends Error {
  readonly status: number;

  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/** How a language's code is run: it is a file in the workspace, where it finds the files that came with it. */
const LANGUAGES: Readonly<Record<string, readonly string[]>> = {
  bash: ['bash'],
  javascript: ['node'],
  python: ['python3', '-B'],
  sh: ['sh'],
};

/** Returns a run; `main` is the file of the workspace that its code is put into, where it has code. */
export function parseRun(body: unknown, main: string): { readonly run: RunRequest; readonly code: string | undefined } {
  if (!isRecord(body)) throw new Refused(400, 'the body is not a JSON object');
  const known = [
    'workspace',
    'command',
    'language',
    'code',
    'stdin',
    'files',
    'collect',
    'timeoutSeconds',
    'outputBytes',
  ];
  for (const key of Object.keys(body))
    if (!known.includes(key)) throw new Refused(400, `${key} is not known: there is ${known.join(', ')}`);
  const { command, code } = readCommand(body, main);
  const run: RunRequest = {
    workspace: parseWorkspace(body['workspace']),
    command,
    stdin: readText(body['stdin'] ?? '', 'stdin'),
    files: readFiles(body['files'] ?? {}),
    collect: readCollect(body['collect'] ?? []),
    timeoutMs: readNumber(body['timeoutSeconds'] ?? 30, 'timeoutSeconds', LIMITS.timeoutMs / 1_000) * 1_000,
    outputBytes: readNumber(body['outputBytes'] ?? 64 * 1024, 'outputBytes', LIMITS.outputBytes),
  };
  return { run, code };
}

/** A workspace's name: one folder's, so that none leads elsewhere. */
export const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;

/** Returns a workspace's name. */
export function parseWorkspace(value: unknown): string {
  if (typeof value === 'string' && NAME.test(value)) return value;
  throw new Refused(400, 'workspace is not a name: expected 1 to 63 lower-case letters, digits and dashes');
}

function readCommand(
  body: Record<string, unknown>,
  main: string,
): { command: RunRequest['command']; code: string | undefined } {
  const { command, language, code } = body;
  if (command !== undefined) {
    if (language !== undefined || code !== undefined)
      throw new Refused(400, 'give command, or language and code, not both');
    const [file, ...rest] = Array.isArray(command) ? command : [];
    if (typeof file !== 'string' || file === '' || !rest.every(isText))
      throw new Refused(400, 'command is not a list of texts, such as ["python3", "main.py"]');
    return { command: [file, ...rest], code: undefined };
  }
  const [program, ...flags] =
    (typeof language === 'string' && Object.hasOwn(LANGUAGES, language) && LANGUAGES[language]) || [];
  if (program === undefined)
    throw new Refused(400, `language is none of ${Object.keys(LANGUAGES).join(', ')}: give one, or a command`);
  return { command: [program, ...flags, `./${main}`], code: readText(code, 'code') };
}

function readFiles(value: unknown): RunRequest['files'] {
  if (!isRecord(value)) throw new Refused(400, 'files is not an object of paths, each with its content in base64');
  const files = Object.entries(value).map(([path, content]) => {
    if (typeof content !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(content))
      throw new Refused(400, `the content of ${JSON.stringify(path)} is not base64`);
    return { path: parsePath(path), content: Buffer.from(content, 'base64') };
  });
  if (files.length > LIMITS.files) throw new Refused(413, `${files.length} files are more than ${LIMITS.files}`);
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > LIMITS.filesBytes)
    throw new Refused(413, `the files have ${bytes} bytes, more than ${LIMITS.filesBytes}`);
  return files;
}

function readCollect(value: unknown): string[] {
  if (!Array.isArray(value)) throw new Refused(400, 'collect is not a list of paths');
  return value.map((path) => parsePath(readText(path, 'a path of collect')));
}

/** A path in the workspace: it neither leaves it nor is it the workspace itself. */
function parsePath(path: string): string {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.length === 0 || path.startsWith('/') || parts.includes('..') || path.includes('\0') || path.length > 1_024)
    throw new Refused(400, `${JSON.stringify(path.slice(0, 80))} is not a path inside the workspace`);
  return parts.join('/');
}

function readText(value: unknown, name: string): string {
  if (isText(value)) return value;
  throw new Refused(400, `${name} is not a text`);
}

function readNumber(value: unknown, name: string, most: number): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new Refused(400, `${name} is not a whole number from 1 to ${most}`);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && !value.includes('\0');
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
