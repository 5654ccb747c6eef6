import { join } from 'node:path';
import { DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createEcrClient } from '#lab/aws/images.ts';
import type { Delivery } from '#lab/cluster/delivery.ts';
import { readServedSource } from '#lab/cluster/serving.ts';
import { findEnvironment } from '#lab/environments.ts';
import { lineProgress } from '#lab/supervisor/progress.ts';
import { findTraces } from '#lab/supervisor/traces.ts';
import { addEnvironment } from '#lab/tests/third-environment.ts';
import { openWorld, type World } from '#lab/world.ts';

let world: World;
let delivery: Delivery;
/** The commit that staging serves, as the scenarios leave it. */
let served: string;

beforeAll(async () => {
  world = await openWorld(
    lineProgress((line) => process.stderr.write(`${line}\n`)),
    { cluster: true, edit: (clone) => addEnvironment(clone, 'preview', { deploys: 'by-hand' }) },
  );
  if (world.delivery === undefined) throw new Error('the world has no cluster');
  delivery = world.delivery;
  const pushed = await world.push({ files: {}, message: 'The tenant' });
  served = pushed.sha;
  await untilServed(served);
}, 2_700_000); // on a new machine it builds the cluster's programs first

afterAll(async () => {
  await world?.stop();
  expect(findTraces(world.lab.id, world.lab.dir)).toEqual([]);
}, 60_000);

const appLine = (text: string) => ({
  files: { 'app/src/log.ts': (before: string) => `${before}\n// ${text}\n` },
  message: text,
});
const namespaceOf = (environment: string): string => findEnvironment(world.environments, environment).namespace;
const servedBy = (environment: string) => readServedSource(delivery.cluster, namespaceOf(environment));
/** The first deploy of a new lab builds both images, and begins with a cluster that has only just started. */
const untilServed = (sha: string) =>
  world.until(`staging serves ${sha}`, async () => ((await servedBy('staging')) === sha ? true : undefined), 240_000);
/** What staging serves, whatever it is; on a busy machine a pod misses an answer now and then. */
const nowServed = () => world.until('staging serves', () => servedBy('staging'), 30_000);
const repositoryOf = (application: string) =>
  ['get', 'application', application, '-n', 'argocd', '-o', 'jsonpath={.spec.source.repoURL}'] as const;
const stagingPods = () => delivery.cluster.pods(namespaceOf('staging'), 'app.kubernetes.io/name=discord-bot');

test('a push is served by a pod, by digest', async () => {
  const pushed = await world.push(appLine('a change of the app'));
  await untilServed(pushed.sha);
  served = pushed.sha;
  const [release] = (await world.releases()).filter(
    (candidate) => candidate.environment === 'staging' && candidate.image === 'discord-bot',
  );
  expect(release?.source).toBe(pushed.sha);
  expect((await stagingPods()).some((pod) => pod.spec.containers[0]?.image.endsWith(`@${release?.to}`))).toBe(true);
});

test('a pod reads a mounted secret, and the token of its service account', async () => {
  const { cluster } = delivery;
  const namespace = namespaceOf('staging');
  const image = (await stagingPods())[0]?.spec.containers[0]?.image ?? '';
  const metadata = { name: 'reads-its-volumes', namespace };
  await cluster.apply([
    { apiVersion: 'v1', kind: 'Secret', metadata, stringData: { word: 'a secret from a file' } },
    { apiVersion: 'v1', kind: 'Pod', metadata, spec: describeReader(image, metadata.name) },
  ]);
  const read = async (path: string): Promise<string> =>
    cluster.kubectl(['exec', '-n', namespace, metadata.name, '--', 'cat', path]);
  await cluster.kubectl(['wait', '-n', namespace, '--for=condition=Ready', `pod/${metadata.name}`, '--timeout=60s']);
  expect(await read('/secrets/word')).toBe('a secret from a file');
  expect((await read('/var/run/secrets/kubernetes.io/serviceaccount/token')).split('.')).toHaveLength(3);
  const [pod, secret] = [`pod/${metadata.name}`, `secret/${metadata.name}`] as const;
  await cluster.kubectl(['delete', '-n', namespace, '--grace-period=1', pod, secret]);
}, 120_000);

/** The bot's image, which waits; it has what the namespace's Pod Security level asks for. */
function describeReader(image: string, secret: string): object {
  const limits = { cpu: '100m', memory: '64Mi' };
  return {
    automountServiceAccountToken: true,
    imagePullSecrets: [{ name: 'ecr-registry' }],
    securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: 'reader',
        image,
        command: ['node', '-e', 'setTimeout(() => {}, 60_000)'],
        resources: { requests: limits, limits },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        volumeMounts: [{ name: 'secret', mountPath: '/secrets' }],
      },
    ],
    volumes: [{ name: 'secret', secret: { secretName: secret } }],
  };
}

test('a push of a document builds nothing and commits nothing', async () => {
  const before = (await world.releases()).length;
  const pushed = await world.push({ files: { 'NOTES.md': `# ${Date.now()}\n` }, message: 'a note' });
  await world.settled();
  expect(pushed.runs.map((run) => run.conclusion)).toEqual(['success']);
  expect(
    pushed.runs[0]?.jobs
      .flatMap((job) => job.steps)
      .some((step) => step.log.some((line) => line.includes('packer build'))),
  ).toBe(false);
  expect((await world.releases()).length).toBe(before);
});

test('a third environment, in the clone before the lab started, is served from its own namespace', async () => {
  const digests = [...(await world.read('overlays/staging/kustomization.yaml')).matchAll(/sha256:[0-9a-f]{64}/g)];
  await world.push({
    files: {
      'overlays/preview/kustomization.yaml': (before) => {
        let next = 0;
        return before.replace(/sha256:[0-9a-f]{64}/g, (old) => digests[next++]?.[0] ?? old);
      },
    },
    message: 'Deploy to preview by hand',
  });
  await world.until(
    'preview serves what staging serves',
    async () => ((await servedBy('preview')) === served ? true : undefined),
    120_000,
  );
  expect(await nowServed()).toBe(served);
  await world.settled();
}, 180_000);

test('a person applies argocd/ from the clone: every Application still follows the lab', async () => {
  await delivery.cluster.kubectl(['apply', '-k', join(world.clone, 'argocd')]);
  for (const { application } of world.environments.values())
    expect(await delivery.cluster.kubectl(repositoryOf(application ?? ''))).toBe(world.github.cloneUrl);
  const pushed = await world.push(appLine('after kubectl apply -k argocd'));
  await untilServed(pushed.sha);
  served = pushed.sha;
}, 180_000);

test('an app that never gets ready: the old pod keeps serving and Argo CD says Degraded', async () => {
  await world.push({
    files: { 'app/src/server.ts': (before) => before.replaceAll("'/ready'", "'/never-ready'") },
    message: 'break readiness',
  });
  await world.settled();
  await world.until(
    'Argo CD says Degraded',
    async () => ((await delivery.argocd.application('staging')).health === 'Degraded' ? true : undefined),
    120_000,
  );
  expect(await nowServed()).toBe(served);
  await world.push({
    files: { 'app/src/server.ts': (before) => before.replaceAll("'/never-ready'", "'/ready'") },
    message: 'fix readiness',
  });
  // the same inputs as before the break, so the same digest as before, which still says the commit it was built from
  await world.until(
    'staging is healthy again',
    async () => ((await delivery.argocd.application('staging')).health === 'Healthy' ? true : undefined),
    120_000,
  );
  expect(await nowServed()).toBe(served);
}, 400_000);

test('two pushes a second apart: the newer one ends up deployed, whichever finishes first', async () => {
  for (const slowOne of ['older', 'newer'] as const) {
    const first = await world.push(appLine(`first of two, ${slowOne} is slow`));
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const second = await world.push(appLine(`second of two, ${slowOne} is slow`));
    const [slow, fast] = slowOne === 'older' ? [first, second] : [second, first];
    const waitFor = fast.runs[0];
    world.github.beforePush = async (bearer) => {
      if (bearer.kind !== 'job' || bearer.runId !== slow.runs[0]?.id) return;
      for (
        let waited = 0;
        waited < 300 && waitFor?.status !== 'completed' && waitFor?.jobs[1]?.status !== 'pending';
        waited++
      )
        await new Promise((resolve) => setTimeout(resolve, 100));
    };
    await world.settled();
    world.github.beforePush = undefined;
    const [release] = (await world.releases()).filter(
      (candidate) => candidate.environment === 'staging' && candidate.image === 'discord-bot',
    );
    expect(release?.source).toBe(second.sha);
    await untilServed(second.sha);
    served = second.sha;
  }
}, 400_000);

test('a digest that the registry does not have, committed by hand: the image cannot be pulled and nothing claims success', async () => {
  const missing = `sha256:${'e'.repeat(64)}`;
  const overlay = 'overlays/staging/kustomization.yaml';
  const good = await world.read(overlay);
  await world.push({
    files: {
      [overlay]: (before) =>
        before.replace(/(name: discord-bot\n[^\n]*\n\s+digest: )sha256:[0-9a-f]{64}/, `$1${missing}`),
    },
    message: 'a digest by hand',
  });
  const waiting = await world.until(
    'a pod cannot pull its image',
    async () => {
      const reasons = (await stagingPods()).flatMap((pod) =>
        pod.status.containerStatuses.map((status) => status.state.waiting?.reason),
      );
      return reasons.find((reason) => reason === 'ErrImagePull' || reason === 'ImagePullBackOff');
    },
    120_000,
  );
  expect(waiting).toMatch(/ErrImagePull|ImagePullBackOff/);
  expect((await delivery.argocd.application('staging')).health).not.toBe('Healthy');
  expect(await nowServed()).toBe(served);
  await world.settled();
  await world.push({ files: { [overlay]: () => good }, message: 'the digest before' });
  await world.settled();
  await untilServed(served);
}, 300_000);

test('the registry is down during the build: red with its reason, and the next push heals', async () => {
  await world.registry.stop();
  const broken = await world.push(appLine('built while the registry is down'));
  await world.settled();
  expect(broken.runs.map((run) => run.conclusion)).toEqual(['failure']);
  const words = broken.runs
    .flatMap((run) =>
      run.jobs.flatMap((job) => job.steps.filter((step) => step.status === 'failure').flatMap((step) => step.log)),
    )
    .join('\n');
  expect(words).toContain(world.aws.registryHost);
  await world.registry.start();
  const healed = await world.push(appLine('built when it is back'));
  await untilServed(healed.sha);
  served = healed.sha;
}, 300_000);

test('someone edits the live Deployment: Argo CD puts it back', async () => {
  await delivery.cluster.kubectl(['scale', 'deployment/discord-bot', '-n', namespaceOf('staging'), '--replicas=3']);
  await world.until('one replica again', async () => {
    const replicas = await delivery.cluster.kubectl([
      'get',
      'deployment/discord-bot',
      '-n',
      namespaceOf('staging'),
      '-o',
      'jsonpath={.spec.replicas}',
    ]);
    return replicas === '1' ? true : undefined;
  });
}, 120_000);

test('Terraform has applied the whole stack beside the deploys', async () => {
  expect(await world.tenant.rest?.()).toBeGreaterThan(0);
}, 180_000);

test('the nightly run keeps every released image by a tag, and the one after it has nothing to do', async () => {
  const images = createEcrClient(world.aws.endpoint);
  const outcomes: (string | undefined)[] = [];
  for (let night = 0; night < 2; night++) {
    const run = await world.dispatch('retain.yml', { 'dry-run': 'false' });
    await world.settled();
    const log = run.jobs.flatMap((job) => job.steps.flatMap((step) => step.log)).join('\n');
    expect([run.conclusion, run.conclusion === 'success' ? '' : log]).toEqual(['success', '']);
    outcomes.push(run.jobs[0]?.steps.map((step) => step.summary).join(''));
  }
  for (const { image, to } of await world.releases()) {
    if (!/[1-9a-f]/.test(to.slice('sha256:'.length))) continue; // never released
    const command = new DescribeImagesCommand({ repositoryName: image, imageIds: [{ imageDigest: to }] });
    const { imageDetails = [] } = await images.send(command);
    expect(imageDetails[0]?.imageTags).toContainEqual(expect.stringMatching(/^keep-/));
  }
  expect(outcomes[0]).not.toBe(outcomes[1]);
}, 120_000);

test("GitHub's stand-in gave no answer that GitHub never gives", () => {
  expect(world.github.rest.violations).toEqual([]);
});
