import { once } from 'node:events';
import { describeError } from '#core/values/errors.ts';
import { deployTenant } from '#lab/deploy.ts';
import { describeLab } from '#lab/describe.ts';
import { readRepositoryOption } from '#lab/repository-option.ts';
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

const terminal = openTerminal(process.stdout, process.env);
try {
  const source = readRepositoryOption(process.argv.slice(2));
  process.exitCode = await runInterruptibly(terminal, (signal) => keepUp(terminal, source, signal));
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 2;
}
process.exit();
