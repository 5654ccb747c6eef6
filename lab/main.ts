import { describeError } from '#core/values/errors.ts';
import { isServing } from '#lab/cluster/serving.ts';
import { NAMESPACES } from '#lab/cluster/tenant.ts';
import { stopOnSignals } from '#lab/supervisor/lab.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { clusterTools, hasTools } from '#lab/toolbox/toolbox.ts';
import { openWorld } from '#lab/world.ts';

/** Keeps a lab up until it is told to stop, and says how to use it. */
async function main(): Promise<void> {
  const progress = lineProgress(console.log);
  const world = await openWorld(progress, { cluster: hasTools(clusterTools) });
  stopOnSignals(world.lab, (signal) => console.log(`\n${signal}: taking the lab down …`));
  // a person who pushes while the first deploy is under way would have to pull first
  await progress.step('Deploy the tenant', async () => {
    await world.push({ files: {}, message: 'The tenant' });
    await world.settled();
    const { delivery } = world;
    if (delivery === undefined) return;
    const releases = await world.releases();
    await world.until('the pods run', async () => (await isServing(delivery.cluster, releases)) || undefined, 120_000);
  });
  const { delivery } = world;
  const look =
    delivery === undefined
      ? '  cluster    none: `node lab/toolbox/main.ts all` obtains its binaries once, then start the lab again'
      : `  cluster    ${delivery.cluster.commandLine} get pods -A
  Argo CD    ${delivery.cluster.commandLine} get applications -n argocd`;
  const ask =
    delivery === undefined
      ? ''
      : `
  ${delivery.cluster.commandLine} get --raw /api/v1/namespaces/${NAMESPACES.production}/services/discord-bot:http/proxy/version`;
  console.log(`
The lab is up; Ctrl-C takes it down.
  runs       ${world.github.url}   (a stand-in for GitHub)
  remote     ${world.github.remote}
  registry   ${world.aws.registryHost}   (ECR's door before a real registry)
  AWS        ${world.aws.endpoint}   (moto)
${look}
  logs       ${world.lab.logs}

Deploy a change of your own:
  git clone ${world.github.remote} tenant && cd tenant
  echo '// hello' >> app/src/main.ts && git commit -am 'Say hello' && git push
  git pull --rebase    # a little later: the commit that Slipway made, with its Slipway-Release trailers${ask}`);
  setInterval(() => {}, 60_000);
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
