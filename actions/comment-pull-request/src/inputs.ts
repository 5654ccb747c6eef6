import * as z from 'zod';
import { type CommentOptions, parseCommentOptions } from '#core/action/comment.ts';
import { parseEnvironment, parseId, parseLines, parseOptional, parseWorkflow } from '#core/action/inputs.ts';
import type { Runner } from '#core/action/runner.ts';
import { type Planned, parsePlans } from '#core/github/marker.ts';
import { InputError } from '#core/values/errors.ts';
import { type CommitSha, parseCommitSha } from '#core/values/reference.ts';

/** Where the comment's text comes from. */
export type Source =
  | { readonly kind: 'reports'; readonly paths: readonly string[] }
  /** Without a summary, the body is all there is. */
  | { readonly kind: 'text'; readonly body: string; readonly summary: string | undefined }
  | Artifacts;

/** What the jobs of this run left. */
export interface Artifacts {
  readonly kind: 'artifacts';
  readonly stage: 'plan' | 'apply';
  /** Undefined where the job that finds them failed. */
  readonly stacks: readonly string[] | undefined;
  /** How those jobs ended. */
  readonly results: readonly string[];
  readonly workflow: string;
}

/** The inputs of this action, checked. */
export interface Inputs extends CommentOptions {
  readonly source: Source;
  readonly pullRequest: number;
  readonly head: CommitSha;
  readonly plans: readonly Planned[];
  readonly verdict: 'success' | 'failure' | undefined;
}

/** Reads and checks the inputs; refuses with the first that is wrong. */
export function readInputs(runner: Pick<Runner, 'input'>): Inputs {
  return {
    source: parseSource(runner),
    pullRequest: parsePullRequest(runner.input('pull-request')),
    head: parseCommitSha('head', runner.input('head')),
    plans: parsePlans('plans', parseLines(runner.input('plans'))),
    verdict: parseOptional(runner.input('verdict'), parseVerdict),
    ...parseCommentOptions({
      marker: runner.input('marker'),
      token: runner.input('token'),
      identity: runner.input('identity'),
    }),
  };
}

function parseSource(runner: Pick<Runner, 'input'>): Source {
  const paths = parseLines(runner.input('reports')).map((path) => parseFile('reports', path));
  if (paths.length === 0) {
    if (runner.input('body') === '') return parseArtifacts(runner);
    const summary = parseOptional(runner.input('summary'), (text) => parseFile('summary', text));
    return { kind: 'text', body: parseFile('body', runner.input('body')), summary };
  }
  for (const [name, text] of [
    ['body', runner.input('body')],
    ['summary', runner.input('summary')],
  ] as const)
    if (text !== '')
      throw new InputError(name, text, 'is given beside reports, which the comment is written from: give one');
  return { kind: 'reports', paths };
}

function parseArtifacts(runner: Pick<Runner, 'input'>): Artifacts {
  const stage = runner.input('stage');
  if (stage !== 'plan' && stage !== 'apply') throw new InputError('stage', stage, 'is neither plan nor apply');
  return {
    kind: 'artifacts',
    stage,
    stacks: parseOptional(runner.input('stacks'), parseStacks),
    results: parseLines(runner.input('results')),
    workflow: parseWorkflow('workflow', runner.input('workflow')),
  };
}

const stackNames = z.array(z.string());

function parseStacks(text: string): string[] {
  try {
    return stackNames.parse(JSON.parse(text)).map((name) => parseEnvironment('stacks', name));
  } catch (error) {
    throw new InputError('stacks', text, 'is not a JSON array of names, such as ["aws"]', { cause: error });
  }
}

function parseFile(input: string, text: string): string {
  if (text !== '' && !/\p{C}/u.test(text)) return text;
  throw new InputError(input, text, 'is not the path of a file');
}

function parsePullRequest(text: string): number {
  if (text !== '') return parseId('pull-request', text);
  throw new InputError('pull-request', text, 'is empty: this run is not of a pull request, so name its number');
}

function parseVerdict(text: string): 'success' | 'failure' {
  if (text === 'success' || text === 'failure') return text;
  throw new InputError('verdict', text, 'is neither success nor failure');
}
