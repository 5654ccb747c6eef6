import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { Change } from '#lab/world.ts';

/** What `probe.cjs` found in a job: names and answers, no values. */
export type Found = z.output<typeof found>;

const found = z.object({
  /** Variables of its environment. */
  names: z.array(z.string()),
  /** Names in the context `secrets`. */
  secrets: z.array(z.string()),
  /** Length of the key of saved plans. */
  key: z.number(),
  /** True where git's settings hold a login. */
  git: z.boolean(),
  docker: z.boolean(),
  /** What came of assuming the roles. */
  plan: z.string(),
  apply: z.string(),
  /** What GitHub answered to each write. */
  did: z.record(z.string(), z.union([z.number(), z.string()])),
});

const SCRIPT = readFileSync(join(import.meta.dirname, 'probe.cjs'), 'utf8');
/** Where a stranger puts it: a module of the stack, that a test of Terraform applies. */
const MODULE = 'terraform/modules/probe';

/** A module and its test, which the workflow's own `terraform test` runs: Terraform then starts any program. */
export const hostileModule: Change['files'] = {
  [`${MODULE}/probe.cjs`]: SCRIPT,
  [`${MODULE}/main.tf`]:
    'resource "terraform_data" "probe" {\n  provisioner "local-exec" {\n    command = "node ../modules/probe/probe.cjs"\n  }\n}\n',
  'terraform/aws/tests/probe.tftest.hcl':
    'run "probe" {\n  command = apply\n  module {\n    source = "../modules/probe"\n  }\n}\n',
};

const expression = (text: string): string => `\${{ ${text} }}`;

/** The workflow in other words: every right, the environment of the plans, and all secrets. */
export const hostileWorkflow = (env: Readonly<Record<string, string>> = {}): Change['files'] => ({
  [`${MODULE}/probe.cjs`]: SCRIPT,
  '.github/workflows/pull-request.yml': `name: Pull request
on:
  pull_request:
permissions: write-all
jobs:
  take:
    runs-on: ubuntu-24.04
    environment: plan
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - run: node ${MODULE}/probe.cjs
        env: ${JSON.stringify({
          TAKEN_TOKEN: expression('secrets.GITHUB_TOKEN'),
          TAKEN_KEY: expression('secrets.TERRAFORM_PLAN_KEY'),
          TAKEN_SECRETS: expression('toJSON(secrets)'),
          ...env,
        })}
`,
});

/** Reads what the probe left in summaries. */
export function readProbes(summaries: readonly string[]): Found[] {
  return summaries
    .flatMap((text) => [...text.matchAll(/<probe>(.*)<\/probe>/g)])
    .map(([, json = '']) => found.parse(JSON.parse(json)));
}
