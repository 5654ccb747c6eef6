import { describeError } from '#core/values/errors.ts';
import { isServing } from '#lab/cluster/serving.ts';
import { describeFailure } from '#lab/github/runner/failure.ts';
import { stopOnSignals } from '#lab/supervisor/lab.ts';
import { lineProgress, type Progress } from '#lab/supervisor/progress.ts';
import { clusterTools, hasTools } from '#lab/toolbox/toolbox.ts';
import { openWorld, type World } from '#lab/world.ts';

/** Keeps a lab up until it is told to stop, and says how to use it. */
async function main(): Promise<void> {
  const progress = lineProgress(console.log);
  const world = await openWorld(progress, { cluster: hasTools(clusterTools) });
  stopOnSignals(world.lab, (signal) => console.log(`\n${signal}: taking the lab down …`));
  const failure = await deployTenant(world, progress);
  console.log(describeLab(world));
  if (failure !== undefined) console.log(`\nThe tenant was not deployed:\n${failure}`);
  setInterval(() => {}, 60_000);
}

/**
 * Pushes the tenant and waits until it runs: a person who pushes while the first deploy is under way would have to pull
 * first. Returns why it failed; the lab stays up all the same, so that they can look and push a fix.
 */
async function deployTenant(world: World, progress: Progress): Promise<string | undefined> {
  try {
    await progress.step('Deploy the tenant', async () => {
      const { runs } = await world.push({ files: {}, message: 'The tenant' });
      await world.settled();
      const failed = runs.find((run) => run.conclusion !== 'success');
      if (runs.length === 0) throw new Error('the push started no run: does .github/workflows/deploy.yml exist?');
      if (failed !== undefined) throw new Error(describeFailure(failed));
      await untilServed(world);
    });
    return undefined;
  } catch (error) {
    return describeError(error);
  }
}

async function untilServed({ delivery, environments, releases, until }: World): Promise<void> {
  if (delivery === undefined) return;
  const landed = await releases();
  const isUp = async (): Promise<true | undefined> =>
    (await isServing(delivery.cluster, environments, landed)) ? true : undefined;
  await until('the pods run', isUp, 120_000);
}

function describeLab({ lab, github, aws, delivery, environments }: World): string {
  const look =
    delivery === undefined
      ? '  cluster    none: `node lab/toolbox/main.ts all` obtains its binaries once, then start the lab again'
      : `  cluster    ${delivery.cluster.commandLine} get pods -A
  Argo CD    ${delivery.cluster.commandLine} get applications -n argocd`;
  const ask = delivery === undefined ? [] : askLines(delivery.cluster.commandLine, environments);
  return `
The lab is up; Ctrl-C takes it down.
  runs       ${github.url}   (a stand-in for GitHub)
  remote     ${github.remote}
  registry   ${aws.registryHost}   (a stand-in for ECR, in front of a real registry)
  AWS        ${aws.endpoint}   (moto)
${look}
  logs       ${lab.logs}

Deploy a change of your own:
  git clone ${github.remote} tenant && cd tenant
  echo '// hello' >> app/src/main.ts && git commit -am 'Say hello' && git push
  git pull --rebase    # a little later: the commit that Slipway made, with its Slipway-Release trailers
${ask.join('\n')}`;
}

/** One line for each environment that runs the bot: it asks for the commit that its pod was built from. */
function askLines(kubectl: string, environments: World['environments']): string[] {
  return [...environments.values()]
    .filter(({ application }) => application !== undefined)
    .map(
      ({ name, namespace }) =>
        `  ${kubectl} get --raw /api/v1/namespaces/${namespace}/services/discord-bot:http/proxy/version    # ${name}`,
    );
}

try {
  await main();
} catch (error) {
  console.error(describeError(error));
  process.exitCode = 1;
}
