import { parse } from 'yaml';
import { z } from 'zod';

/** An environment as the rules for workflows need it. */
export interface NamedEnvironment {
  readonly name: string;
  readonly deploys: string;
  /** The environment that it takes promotions from. */
  readonly from?: string | undefined;
}

const input = z.looseObject({ type: z.string().optional(), options: z.array(z.coerce.string()).default([]) });
const step = z.looseObject({ uses: z.string().default(''), with: z.record(z.string(), z.unknown()).default({}) });
const workflow = z.looseObject({
  on: z.unknown(),
  jobs: z.record(z.string(), z.looseObject({ steps: z.array(step).default([]) })),
});
const triggers = z.looseObject({
  workflow_dispatch: z.looseObject({ inputs: z.record(z.string(), input).nullish() }).nullish(),
});

/** Returns where .github/workflows/ and the environments of slipway.yaml differ, one sentence each. */
export function checkWorkflowEnvironments(
  files: ReadonlyMap<string, string>,
  environments: readonly NamedEnvironment[],
): string[] {
  const names = environments.map(({ name }) => name);
  const workflows = [...files]
    .filter(([path]) => /^\.github\/workflows\/[^/]+\.ya?ml$/.test(path))
    .map(([file, text]) => ({ file, written: workflow.parse(parse(text)) }));
  const steps = workflows.flatMap(({ file, written }) =>
    Object.values(written.jobs).flatMap((job) => job.steps.map((one) => ({ file, ...one }))),
  );
  return [
    ...workflows.flatMap(({ file, written }) => checkChoices(file, written, environments)),
    ...checkSteps(steps, names),
    ...checkBumped(steps, environments),
  ];
}

/** A choice that offers environments offers all of them, for a promotion all that take one, and nothing else. */
function checkChoices(
  file: string,
  { on, jobs }: z.output<typeof workflow>,
  environments: readonly NamedEnvironment[],
): string[] {
  const promotes = Object.values(jobs).some((job) =>
    job.steps.some(({ uses }) => uses === './actions/promote-overlay'),
  );
  const meant = promotes ? environments.filter(({ from }) => from !== undefined) : environments;
  const names = meant.map(({ name }) => name);
  const inputs = triggers.safeParse(on).data?.workflow_dispatch?.inputs ?? {};
  return Object.entries(inputs)
    .filter(([name, { type, options }]) => type === 'choice' && listsEnvironments(name, options, names))
    .flatMap(([name, { options }]) => [
      ...names
        .filter((environment) => !options.includes(environment))
        .map((environment) => `${file}: the input ${name} does not offer ${environment}: add it to options`),
      ...options
        .filter((option) => !names.includes(option))
        .map(
          (option) =>
            `${file}: the input ${name} offers ${option}, ${promotes ? 'which takes no promotion' : 'which slipway.yaml does not have'}: remove it`,
        ),
    ]);
}

function listsEnvironments(name: string, options: readonly string[], names: readonly string[]): boolean {
  return name.includes('environment') || options.some((option) => names.includes(option));
}

type Step = z.output<typeof step> & { readonly file: string };

/** Steps of this repository's actions name environments that exist; what an expression gives is known at run time only. */
function checkSteps(steps: readonly Step[], names: readonly string[]): string[] {
  return steps.flatMap(({ file, uses, with: given }) => {
    const environment = given['environment'];
    if (!uses.startsWith('./actions/') || typeof environment !== 'string' || environment.includes('${{')) return [];
    if (names.includes(environment)) return [];
    return [`${file}: ${uses} gets the environment ${environment}, which slipway.yaml does not have: correct its name`];
  });
}

/** A bump without `environment` reaches every environment that deploys on push. */
function checkBumped(steps: readonly Step[], environments: readonly NamedEnvironment[]): string[] {
  const bumped = steps
    .filter(({ uses }) => uses === './actions/bump-overlay')
    .map(({ with: given }) => given['environment']);
  if (bumped.includes(undefined)) return [];
  return environments
    .filter(({ name, deploys }) => deploys === 'on-push' && !bumped.includes(name))
    .map(
      ({ name }) =>
        `.github/workflows: no step bumps ${name}, which deploys on push: use ./actions/bump-overlay without environment`,
    );
}
