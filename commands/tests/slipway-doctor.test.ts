import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { runSlipway } from '#commands/slipway.ts';
import { type FakeKubectl, makeKubectl } from '#core/doctor/tests/fake-kubectl.ts';
import { expectGolden } from '#tests/support/golden.ts';
import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { cloneForPerson, shellEnvironment, steady } from '#tests/support/terminal.ts';
import { build, bump, hold } from '#tests/support/writers.ts';

let tenant: Tenant;
let clone: string;
let kubectl: FakeKubectl;

beforeAll(async () => {
  tenant = await startTenant({ images: ['discord-bot'], environments: ['production', 'staging'] });
  clone = cloneForPerson(tenant);
  kubectl = makeKubectl();
  kubectl.answer('/apis/argoproj.io/v1alpha1/namespaces/argocd/applications', {
    items: ['production', 'staging'].map(follow),
  });
  for (const name of ['production', 'staging']) kubectl.answer(`/api/v1/namespaces/${name}`, { metadata: { name } });
}, 60_000);

afterAll(async () => {
  kubectl.remove();
  await tenant.close();
});

function follow(name: string): object {
  const source = { repoURL: 'https://github.com/acme/shop', path: `overlays/${name}`, targetRevision: 'main' };
  return {
    metadata: { name },
    spec: { source, syncPolicy: { automated: {} } },
    status: { sync: { status: 'Synced' } },
  };
}

async function type(words: readonly string[], hasCluster = true) {
  const shell = shellEnvironment(tenant);
  const path = hasCluster ? `${kubectl.folder}:${shell['PATH']}` : shell['PATH'];
  const result = await runSlipway(['doctor', ...words], {
    environment: { ...shell, PATH: path },
    temp: tenant.temp,
    resolve: (file) => join(clone, file),
    now: () => new Date(),
    ...{ width: 80, isColoured: false, show: () => {}, tell: () => {}, confirm: undefined },
  });
  return { ...result, codes: codesOf(result.stdout) };
}

const codesOf = (text: string): string[] => [...text.matchAll(/\[([a-z-]+)\]$/gm)].map(([, code = '']) => code);

const golden = (name: string, text: string): void =>
  expectGolden(join(import.meta.dirname, 'golden/slipway', `${name}.txt`), steady(text));

test('its help', async () => {
  golden('help-doctor', (await type(['--help'])).stdout);
});

test('nothing was released: all environments are looked at, each by the digest of its overlay', async () => {
  const { exitCode, stdout, codes } = await type([]);
  expect([exitCode, codes]).toEqual([1, ['never-released', 'never-released']]);
  golden('doctor', stdout);
});

test('an environment that does not exist, and two at once', async () => {
  expect((await type(['stagin'])).stderr).toContain(
    'slipway.yaml has no environment "stagin"; did you mean "staging"?',
  );
  expect((await type(['staging', 'production'])).exitCode).toBe(2);
});

describe('a build that does not arrive', () => {
  beforeAll(async () => {
    tenant.commit({ 'app/main.js': '// one\n' }, 'One');
    const digest = await build(tenant);
    for (const environment of ['production', 'staging'])
      await bump(tenant, { environment, images: `discord-bot=${digest}` });
    kubectl.answer('/apis/apps/v1/namespaces/staging/deployments', { items: [deploy(digest)] });
  }, 60_000);

  const deploy = (digest: string) => ({
    metadata: { name: 'discord-bot' },
    spec: { template: { spec: { containers: [{ name: 'bot', image: `registry.example/discord-bot@${digest}` }] } } },
    status: { readyReplicas: 1 },
  });

  test('it is there: nothing is wrong', async () => {
    expect(await type(['staging'])).toMatchObject({ exitCode: 0, stdout: 'staging\n  nothing is wrong\n' });
  });

  test('without kubectl, what git proves is said, and what is not known', async () => {
    const { exitCode, stdout } = await type(['staging'], false);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/no cause is proven\n {2}not known: the cluster: /);
  });

  test('it was built and no commit has it', async () => {
    tenant.commit({ 'app/main.js': '// two\n' }, 'Two');
    await build(tenant);
    const { stdout, codes } = await type(['staging']);
    expect(codes).toEqual(['not-landed']);
    golden('doctor-not-landed', stdout);
  });

  test('it is held; on the way to another cluster, the next command reaches it too', async () => {
    await hold(tenant, { environment: 'staging', action: 'set', reason: 'the bill' });
    const { codes } = await type(['staging']);
    expect(codes).toEqual(['held']);
    kubectl.answer('/apis/apps/v1/namespaces/staging/deployments', {
      items: [
        { ...deploy(`sha256:${'a'.repeat(64)}`), spec: { ...deploy(`sha256:${'a'.repeat(64)}`).spec, paused: true } },
      ],
    });
    const { stdout } = await type(['staging', '--context', 'do tor1', '--json']);
    const [, second] = JSON.parse(stdout).environments[0].causes;
    expect(second).toMatchObject({
      cause: 'deployment-paused',
      next: "kubectl --context='do tor1' -n staging rollout resume deployment/discord-bot",
    });
  });
});
