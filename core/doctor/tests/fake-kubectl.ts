import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A program called kubectl that answers from a folder, and what it was asked. */
export interface FakeKubectl {
  /** To be put first on PATH. */
  readonly folder: string;
  /** Answers a path of the API. */
  answer(path: string, body: unknown, status?: number): void;
  /** What its configuration has: contexts and the current one. */
  configure(contexts: readonly string[] | null, current: string): void;
  /** Ends every call with these words on standard error. */
  fail(words: string): void;
  /** What `port-forward` prints. */
  forward(text: string): void;
  /** Every call so far, one line each; requests to its API as `GET path accept`. */
  calls(): string[];
  remove(): void;
}

const SCRIPT = `#!${process.execPath}
const { appendFileSync, existsSync, readFileSync } = require('node:fs');
const { createServer } = require('node:http');
const { spawnSync } = require('node:child_process');
const here = __dirname;
const note = (line) => appendFileSync(here + '/calls', line + '\\n');
const words = process.argv.slice(2);
note(words.join(' '));
if (existsSync(here + '/fail')) {
  process.stderr.write(readFileSync(here + '/fail'));
  process.exit(1);
}
if (words.includes('config')) {
  const given = here + '/contexts.json';
  const config = existsSync(given) ? readFileSync(given, 'utf8') : '{"contexts": [{"name": "one"}], "current-context": "one"}';
  process.stdout.write(config);
} else if (words.includes('kustomize')) {
  const { status, stdout, stderr } = spawnSync('kustomize', ['build', words.at(-1)], { encoding: 'utf8' });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  process.exitCode = status;
} else if (words.includes('port-forward')) {
  process.stdout.write(readFileSync(here + '/forward'));
  setTimeout(() => {}, 60_000);
} else {
  const path = words.find((word) => word.startsWith('--unix-socket=')).slice('--unix-socket='.length);
  createServer((request, response) => {
    note('GET ' + request.url + ' ' + request.headers.accept);
    const answers = JSON.parse(readFileSync(here + '/answers.json', 'utf8'));
    const { status, body } = answers[request.url] ?? { status: 404, body: { kind: 'Status', message: 'not found' } };
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
  }).listen(path, () => console.log('Starting to serve on ' + path));
}
`;

/** Makes the program. */
export function makeKubectl(): FakeKubectl {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-kubectl-'));
  const answers: Record<string, { status: number; body: unknown }> = {};
  const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'kubectl'), SCRIPT, { mode: 0o755 });
  write('calls', '');
  write('answers.json', '{}');
  return {
    folder,
    answer: (path, body, status = 200) => {
      answers[path] = { status, body };
      write('answers.json', JSON.stringify(answers));
    },
    configure: (contexts, current) =>
      write(
        'contexts.json',
        JSON.stringify({ contexts: contexts?.map((name) => ({ name })) ?? null, 'current-context': current }),
      ),
    fail: (words) => write('fail', `${words}\n`),
    forward: (text) => write('forward', text),
    calls: () => readFileSync(join(folder, 'calls'), 'utf8').split('\n').filter(Boolean),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
