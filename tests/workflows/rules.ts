import { hasExpression, readsSecret } from '#tests/workflows/expressions.ts';
import { jobRules } from '#tests/workflows/job-rules.ts';
import type { Located } from '#tests/workflows/source.ts';
import { listTexts } from '#tests/workflows/texts.ts';
import { type Job, readWorkflow, type Workflow } from '#tests/workflows/workflow.ts';

/** Inputs that an action of this repository declares, by its folder; undefined where there is none. */
export type DeclaredInputs = (action: string) => readonly string[] | undefined;

/** A breach of a rule: the rule's name and a sentence that says what to change. */
export interface Breach {
  readonly rule: string;
  readonly sentence: string;
}

const TRIGGERS_THAT_LEND_RIGHTS = ['pull_request_target', 'workflow_run'];

/** The rules for a workflow as a whole. Each returns a sentence for every breach. */
const workflowRules: Readonly<Record<string, (workflow: Workflow, declared: DeclaredInputs) => string[]>> = {
  yaml: ({ faults }) => faults.map((fault) => `the file is not the YAML that GitHub reads: ${fault}`),

  'no rights on top': ({ permissions }) =>
    JSON.stringify(permissions) === '{}' ? [] : ['permissions: {} is missing on top: each job asks for its own'],

  triggers: ({ triggers }) =>
    triggers
      .filter((trigger) => TRIGGERS_THAT_LEND_RIGHTS.includes(trigger.trim().toLowerCase()))
      .map((trigger) => `${trigger} runs with the branch's rights on what a stranger wrote: use pull_request`),

  'a trigger': ({ triggers }) => (triggers.length === 0 ? ['the workflow has no `on`: say what starts it'] : []),

  'secrets on top': ({ outside }) =>
    listTexts(outside).some(readsSecret)
      ? ['a secret is read outside the jobs, where all of them get it: read it in a job with an environment']
      : [],

  'scripts on top': ({ outside }) =>
    listTexts(shellOf(outside)).some(hasExpression) ? ['defaults.run has an expression: write the shell out'] : [],

  'every run has its turn on top': ({ concurrency, jobs }) =>
    concurrency !== undefined && concurrency.queue !== 'max' && jobs.some(({ writes }) => writes)
      ? ['the workflow has a job that writes, and its concurrency drops waiting runs: queue: max']
      : [],

  'never cancelled on top': ({ concurrency, jobs }) =>
    concurrency !== undefined && concurrency.cancels !== false && jobs.some(({ writes }) => writes)
      ? ['the workflow has a job that writes and may be cancelled half-way: cancel-in-progress: false']
      : [],

  pins: ({ jobs }) => checkPins(jobs),

  'a reason for each right': ({ jobs }) =>
    onOneLine(jobs.flatMap(({ rights = [] }) => rights.map(({ name, access }) => ({ ...access, value: name }))))
      .filter(({ comment, isAlone }) => comment === undefined || comment === '' || !isAlone)
      .map(({ value }) => `the permission ${value} has no reason behind it, on a line of its own`),

  'inputs in lower case': ({ jobs }) =>
    jobs
      .flatMap(({ steps }) => steps.flatMap(({ with: given }) => Object.keys(given)))
      .filter((input) => input !== input.toLowerCase())
      .map((input) => `the input ${input} is the same as ${input.toLowerCase()} to GitHub: write it in lower case`),

  inputs: ({ jobs }, declared) => jobs.flatMap((job) => checkInputs(job, declared)),
};

/** The names of all rules. */
export const ruleNames: readonly string[] = [...Object.keys(workflowRules), ...Object.keys(jobRules)];

/** Returns every breach of the house's rules for workflows. */
export function checkWorkflow(text: string, declared: DeclaredInputs): Breach[] {
  const workflow = readWorkflow(text);
  return [
    ...Object.entries(workflowRules).flatMap(([rule, check]) => name(rule, check(workflow, declared))),
    ...Object.entries(jobRules).flatMap(([rule, check]) => workflow.jobs.flatMap((job) => name(rule, check(job)))),
  ];
}

function name(rule: string, sentences: readonly string[]): Breach[] {
  return sentences.map((sentence) => ({ rule, sentence }));
}

function shellOf(outside: unknown): unknown {
  return typeof outside === 'object' && outside !== null && 'defaults' in outside ? outside.defaults : undefined;
}

/** Each foreign action and workflow is one commit, with its version behind it: `owner/name@<40 hex> # v1.2.3`. */
function checkPins(jobs: readonly Job[]): string[] {
  const used = jobs.flatMap(({ calls, steps }) => [calls, ...steps.map(({ uses }) => uses)]);
  const foreign = used
    .filter((uses) => uses !== undefined)
    .filter(({ value }) => !/^\.\/[\w./-]+$|^docker:\/\//.test(value)); // docker has a rule of its own
  return onOneLine(foreign)
    .filter(
      ({ value, comment = '', isAlone }) =>
        !/^[\w-]+\/[\w./-]+@[0-9a-f]{40}$/.test(value) || !/^v\d+\.\d+\.\d+$/.test(comment) || !isAlone,
    )
    .map(({ value }) => `${value} is not pinned to a commit with its version behind it, on a line of its own`);
}

/** Says of each text whether another of them begins on its line: a comment there cannot tell which it means. */
function onOneLine(texts: readonly Located[]): (Located & { readonly isAlone: boolean })[] {
  return texts.map((text) => ({
    ...text,
    isAlone: texts.every(({ line, value }) => line !== text.line || value === text.value),
  }));
}

function checkInputs(job: Job, declared: DeclaredInputs): string[] {
  return job.steps.flatMap(({ uses, action, with: given }) => {
    if (!action.startsWith('./')) return [];
    const inputs = declared(action.slice(2));
    if (inputs === undefined) return [`${job.name} uses ${uses?.value}, which does not exist`];
    return Object.keys(given)
      .filter((input) => !inputs.includes(input))
      .map((input) => `${job.name} gives ${uses?.value} the input ${input}, which it does not have`);
  });
}
