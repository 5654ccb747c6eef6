import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeError, Refusal } from '#core/values/errors.ts';
import { deployTenant } from '#lab/deploy.ts';
import { describeLab } from '#lab/describe.ts';
import { runInterruptibly } from '#lab/supervisor/interruption.ts';
import { showSteps } from '#lab/supervisor/progress.ts';
import { openTerminal, type Terminal } from '#lab/supervisor/terminal.ts';
import { clusterTools, hasTools } from '#lab/toolbox/toolbox.ts';
import { openWorld, type World } from '#lab/world.ts';

/** Keeps a lab up until it is told to stop, and says how to use it. */
async function keepUp(terminal: Terminal, source: string | undefined, signal: AbortSignal): Promise<void> {
  const progress = showSteps(terminal);
  const chosen = source === undefined ? {} : { source };
  const world = await openWorld(progress, { cluster: hasTools(clusterTools), signal, ...chosen });
  try {
    const failure = await deployTenant(world, progress);
    terminal.say(describeLab({ ...world, kubectl: world.delivery?.cluster.commandLine }, terminal));
    if (failure !== undefined) sayFailure(terminal, world, failure);
    if (!signal.aborted) await once(signal, 'abort');
  } finally {
    await world.stop();
  }
}

function sayFailure(terminal: Terminal, { github }: World, failure: string): void {
  const run = github.runs.at(-1);
  terminal.say(`\n${terminal.paint('The tenant was not deployed:', 'red')}\n${failure}`);
  if (run !== undefined) terminal.say(`Its run: ${github.url}/runs/${run.id}`);
}

/** Returns the checkout that `--repository` names; undefined without it. Refuses a folder that is none. */
function readRepository(argv: readonly string[]): string | undefined {
  const { values } = parseArgs({ args: [...argv], options: { repository: { type: 'string' } } });
  if (values.repository === undefined) return undefined;
  const folder = resolve(values.repository);
  for (const name of ['.git', 'slipway.yaml', 'argocd/kustomization.yaml']) {
    if (!existsSync(join(folder, name)))
      throw new Refusal(`${folder} has no ${name}: --repository takes a checkout that Slipway deploys`);
  }
  return folder;
}

const terminal = openTerminal(process.stdout, process.env);
try {
  const source = readRepository(process.argv.slice(2));
  process.exitCode = await runInterruptibly(terminal, (signal) => keepUp(terminal, source, signal));
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 2;
}
process.exit();
