import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeSeconds, measureAll, median, type Row, rowOf } from '#bench/measure.ts';
import { awsEnvironment } from '#lab/aws/aws.ts';
import { startMoto } from '#lab/aws/moto.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findProviderMirror } from '#lab/terraform/mirror.ts';
import { openStack, type Stack } from '#lab/terraform/stack.ts';
import { ON_MOTO } from '#lab/terraform/tenant.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { git } from '#tests/support/repositories.ts';
import { readDefaults } from '#tests/support/terraform.ts';

const RUNS = 3;

/** What a runner starts. */
const ACTION = join(repositoryRoot, 'actions/plan-terraform/dist/index.cjs');

/**
 * The step plan-terraform on this repository's stack `aws`, as it is applied with one change, beside the four commands
 * that a workflow usually has: validate, plan, show, show -json. The step begins with `init`, which those do not.
 */
export async function benchStack(): Promise<Row[]> {
  const progress = lineProgress((line) => console.error(line));
  const toolbox = await obtainTools(['terraform', 'moto'], progress);
  const lab = await openLab({ progress, path: toolbox.path });
  try {
    const moto = await startMoto(lab, toolbox);
    const env = {
      ...awsEnvironment(`http://${moto}`),
      ...{ AWS_ACCESS_KEY_ID: 'lab', AWS_SECRET_ACCESS_KEY: 'lab' },
      ...writeCliConfig(lab),
    };
    const checkout = lab.folder('checkout');
    const copy = join(checkout, 'terraform');
    const stack = await openStack(lab, toolbox, { stack: 'aws', variables: ON_MOTO, env, copy });
    await stack.run(['apply', '-no-color', '-auto-approve']);
    const head = commitChange(checkout, stack);
    const { ours, peer, init } = await measureAll(RUNS, {
      ours: () => planByAction(lab, checkout, head, env),
      peer: () => planByHand(stack),
      init: () => stack.run(['init', '-no-color', '-lockfile=readonly']),
    });
    console.log(`  of the step, init: ${describeSeconds(median(init))}`);
    return [rowOf('one stack planned and reported / four commands', { ours, peer }, 0.4)];
  } finally {
    await lab.stop();
  }
}

/** Terraform takes its providers from the machine's mirror where it has one, in each of the commands. */
function writeCliConfig(lab: Lab): { TF_CLI_CONFIG_FILE?: string } {
  const mirror = findProviderMirror();
  if (mirror === undefined) return {};
  const path = join(lab.folder('terraform-settings'), 'terraform.rc');
  writeFileSync(path, `provider_installation {\n  filesystem_mirror {\n    path = ${JSON.stringify(mirror)}\n  }\n}\n`);
  return { TF_CLI_CONFIG_FILE: path };
}

function commitChange(checkout: string, stack: Stack): string {
  const tables = { ...ON_MOTO, litellm_base_url: 'https://other.example.com' };
  writeFileSync(join(stack.folder, 'lab.auto.tfvars.json'), JSON.stringify(tables));
  writeFileSync(
    join(checkout, 'slipway.yaml'),
    'registry: {type: oci, host: registry.example}\nimages: {}\nenvironments: {}\nterraform:\n  stacks:\n    aws: {folder: terraform/aws}\n',
  );
  writeFileSync(join(checkout, '.gitignore'), '.terraform/\n*.tfstate*\n*.sealed\nplan-report.json\nplanned\n');
  git(checkout, 'init', '-q', '-b', 'main');
  git(checkout, 'add', '-A');
  git(checkout, 'commit', '-q', '-m', 'a change');
  return git(checkout, 'rev-parse', 'HEAD');
}

async function planByHand(stack: Stack): Promise<void> {
  await stack.run(['validate', '-no-color']);
  await stack.run(['plan', '-no-color', '-out=planned']);
  await stack.run(['show', '-no-color', 'planned']);
  await stack.run(['show', '-json', 'planned']);
}

async function planByAction(
  lab: Lab,
  checkout: string,
  head: string,
  env: Readonly<Record<string, string>>,
): Promise<void> {
  const temp = lab.folder('runner');
  const [summary, output] = [join(temp, 'summary'), join(temp, 'output')];
  mkdirSync(temp, { recursive: true });
  for (const file of [summary, output]) writeFileSync(file, '');
  const inputs = { ...readDefaults('plan-terraform'), stack: 'aws', head, 'head-repository': 'acme/tenant' };
  const given = { ...inputs, key: 'correct horse battery staple', 'saved-plan': 'aws.sealed' };
  const names = Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]);
  await lab.exec([process.execPath, ACTION], {
    cwd: checkout,
    extraEnv: {
      ...env,
      ...Object.fromEntries(names),
      GITHUB_WORKSPACE: checkout,
      GITHUB_REPOSITORY: 'acme/tenant',
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_RUN_ID: '1',
      GITHUB_ACTOR: 'octocat',
      GITHUB_SHA: head,
      GITHUB_OUTPUT: output,
      GITHUB_STEP_SUMMARY: summary,
      RUNNER_TEMP: temp,
    },
  });
  if (!existsSync(join(checkout, 'aws.sealed'))) throw new Error('the step saved no plan');
}
