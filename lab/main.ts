import { describeError } from '#core/errors.ts';
import { stopOnSignals } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { clusterTools, hasTools } from '#lab/toolbox/toolbox.ts';
import { openWorld } from '#lab/world.ts';

/** Keeps a lab up until it is told to stop, and says how to use it. */
async function main(): Promise<void> {
  const world = await openWorld(lineProgress(console.log), { cluster: hasTools(clusterTools) });
  stopOnSignals(world.lab, (signal) => console.log(`\n${signal}: taking the lab down …`));
  await world.push({ files: {}, message: 'The tenant' });
  console.log(`
The lab is up; Ctrl-C takes it down.
  runs       ${world.github.url}   (a stand-in for GitHub)
  remote     ${world.github.remote}
  registry   ${world.aws.registryHost}   (ECR's door before a real registry)
  AWS        ${world.aws.endpoint}   (moto)
  logs       ${world.lab.logs}

Deploy a change of your own:
  git clone ${world.github.remote} tenant && cd tenant
  echo '// hello' >> app/src/main.ts && git commit -am 'Say hello' && git push
  git pull    # a little later: the commit that Slipway made, with its Slipway-Release trailers`);
  setInterval(() => {}, 60_000);
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
