import { hasExpression, readsSecret } from '#tests/workflows/expressions.ts';
import { listTexts } from '#tests/workflows/texts.ts';
import type { Job, Step } from '#tests/workflows/workflow.ts';

/**
 * Foreign actions that a job with a writing token may use: one reads the source, one trades the job's identity for an AWS
 * role, one fetches what an earlier job left, and none can be done without. Any other could push with that token.
 */
const TRUSTED_WITH_A_TOKEN = ['actions/checkout', 'actions/download-artifact', 'aws-actions/configure-aws-credentials'];

/** GitHub's own machines, written out: what an expression, a group or another label picks cannot be seen here. */
const HOSTED = /^(ubuntu|windows|macos)-(latest|\d+(\.\d+)?)(-arm)?$/;

/** The rules for each job. Each returns a sentence for every breach. */
export const jobRules: Readonly<Record<string, (job: Job) => string[]>> = {
  timeout: ({ name, timeout, calls }) =>
    typeof timeout === 'number' || calls !== undefined ? [] : [`${name} has no timeout-minutes`],

  'rights of its own': ({ name, rights }) =>
    rights === undefined ? [`${name} has no permissions of its own, one right a line`] : [],

  'every run has its turn': ({ name, writes, concurrency }) =>
    writes && concurrency?.queue !== 'max' ? [`${name} writes and has no concurrency with queue: max`] : [],

  'never cancelled': ({ name, writes, concurrency }) =>
    writes && concurrency?.cancels !== false ? [`${name} writes and may be cancelled half-way`] : [],

  'builders do not write': ({ name, writes, steps }) =>
    writes && uses(steps, './actions/build-image') ? [`${name} builds images and may write to the repository`] : [],

  'a bump runs no commands': ({ name, steps }) =>
    uses(steps, './actions/bump-overlay') && steps.some(({ run }) => run !== undefined)
      ? [`${name} bumps overlays and runs commands`]
      : [],

  checkout: ({ name, steps }) =>
    steps
      .filter(({ action, with: given }) => action === 'actions/checkout' && !isFalse(given['persist-credentials']))
      .map(() => `${name} leaves its token in the checkout: persist-credentials: false`),

  docker: ({ name, steps }) =>
    steps
      .filter(({ action }) => action.startsWith('docker://'))
      .map(({ action }) => `${name} runs ${action}, an image that anyone with its registry can change: use an action`),

  cache: ({ name, steps, buildsOrDeploys }) =>
    buildsOrDeploys && steps.some(caches)
      ? [`${name} builds or deploys and takes files from a cache, which other branches can fill: build without it`]
      : [],

  scripts: ({ name, steps, defaults }) =>
    [
      listTexts(defaults),
      ...steps.map(({ run = '', shell = '', with: given }) => [run, shell, ...listTexts(given['script'])]),
    ]
      .filter((texts) => texts.some(hasExpression))
      .map(() => `${name} has an expression inside a script: pass it by env`),

  secrets: ({ name, environment, content }) =>
    environment === undefined && listTexts(content).some(readsSecret)
      ? [`${name} reads a secret and names no environment, whose rules would guard it`]
      : [],

  'secrets are named': ({ name, secrets }) =>
    secrets === 'inherit' ? [`${name} hands all secrets on: name those that the workflow needs`] : [],

  'hosted runners': ({ name, runsOn, calls }) =>
    (typeof runsOn === 'string' && HOSTED.test(runsOn)) || (runsOn === undefined && calls !== undefined)
      ? []
      : [`${name} does not run on a machine of GitHub's, written out: runs-on: ubuntu-24.04`],

  'third parties do not write': ({ name, writes, steps, calls }) =>
    writes
      ? [...steps.map(({ action }) => action), calls?.value ?? '']
          .filter((action) => action !== '' && !action.startsWith('./') && !TRUSTED_WITH_A_TOKEN.includes(action))
          .map((action) => `${name} writes and uses ${action}, which would hold its token: do it in a job that reads`)
      : [],
};

function uses(steps: readonly Step[], action: string): boolean {
  return steps.some((step) => step.action === action);
}

/** A written `false`; an expression is not. */
function isFalse(value: unknown): boolean {
  return value === false || value === 'false';
}

/** Inputs that must be false, because without them the action caches by itself. */
const CACHES_BY_DEFAULT: Readonly<Record<string, string>> = {
  'actions/setup-node': 'package-manager-cache',
  'actions/setup-go': 'cache',
  'astral-sh/setup-uv': 'enable-cache',
};

function caches({ action, with: given }: Step): boolean {
  const off = CACHES_BY_DEFAULT[action];
  const isCacheAction = !action.startsWith('./') && action.split('/').some((part) => /(^|-)cache(-|$)/.test(part));
  const asks = Object.entries(given).some(
    ([input, value]) =>
      /^([\w-]+-)?cache(-from|-to)?$/.test(input) && input !== 'no-cache' && !isFalse(value) && value !== '',
  );
  return isCacheAction || asks || (off !== undefined && !isFalse(given[off]));
}
