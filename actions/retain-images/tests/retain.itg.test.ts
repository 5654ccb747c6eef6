import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  type ECRClient,
  PutImageCommand,
  PutLifecyclePolicyCommand,
} from '@aws-sdk/client-ecr';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Digest } from '#core/values/reference.ts';
import { createEcrClient } from '#lab/aws/images.ts';
import { startMoto } from '#lab/aws/moto.ts';
import { answerJson, passThrough, readBody } from '#lab/aws/proxy.ts';
import { listen } from '#lab/supervisor/http.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';
import { openWorld, SAFE_RULES, type World } from './world.ts';

jest.setTimeout(120_000);

let lab: Lab;
let moto: string;
let ecr: ECRClient;
let registry: TestRegistry;
let world: World;
let endpoint: { readonly host: string; close(): Promise<void> };
/** Names of the calls that change something, in order. */
let writes: string[];
/** Called before a call that changes something, and after it; may end the action's process. */
let onWrite: (moment: 'before' | 'after', count: number) => void;
/** A repository of its own for each test: moto keeps the others. */
let bot: string;
/** What the overlay says of the image: a release is believed only where it changes that. */
let deployed: string;
let count = 0;

beforeAll(async () => {
  const toolbox = await obtainTools(['moto'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
  moto = await startMoto(lab, toolbox);
  ecr = createEcrClient(`http://${moto}`);
});
afterAll(() => lab.stop(), 60_000);

beforeEach(async () => {
  bot = `bot-${++count}`;
  writes = [];
  onWrite = () => {};
  registry = await startTestRegistry({ kind: 'basic', username: 'AWS', password: 'hidden' });
  endpoint = await listen(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    if (operation === 'GetAuthorizationToken') {
      await readBody(request);
      const authorizationToken = Buffer.from('AWS:hidden').toString('base64');
      const grant = { authorizationToken, proxyEndpoint: `http://${registry.host}` };
      return answerJson(response, 200, { authorizationData: [grant] });
    }
    const isWrite = /^(Put|BatchDelete|Delete|Create|Update|Start)/.test(operation);
    if (isWrite) {
      writes.push(operation);
      onWrite('before', writes.length);
      response.once('finish', () => onWrite('after', writes.length));
    }
    await passThrough(request, response, { host: moto, path: '/', unreachable: () => response.destroy() });
  });
  world = openWorld();
  deployed = 'none';
  world.commit({
    'slipway.yaml': `registry: {type: ecr, region: ca-central-1, account: "123456789012"}
images:
  ${bot}: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}
environments:
  production: {overlay: overlays/production, deploys: on-push}
`,
  });
  await ecr.send(new CreateRepositoryCommand({ repositoryName: bot, imageTagMutability: 'IMMUTABLE' }));
  await setPolicy(SAFE_RULES);
});
afterEach(async () => {
  world.close();
  await Promise.all([registry.close(), endpoint.close()]);
});

const setPolicy = (rules: readonly object[]) =>
  ecr.send(new PutLifecyclePolicyCommand({ repositoryName: bot, lifecyclePolicyText: JSON.stringify({ rules }) }));

/** Pushes an image to the registry and into ECR's records, and returns its digest. */
async function push(name: string, tags: readonly string[], manifest: object = { layers: [] }): Promise<Digest> {
  const mediaType =
    'manifests' in manifest ? 'application/vnd.oci.image.index.v1+json' : 'application/vnd.oci.image.manifest.v1+json';
  const text = JSON.stringify({ schemaVersion: 2, mediaType, annotations: { name }, ...manifest });
  const digest = registry.put(bot, `in-${name}`, text);
  for (const imageTag of tags)
    await ecr.send(
      new PutImageCommand({
        repositoryName: bot,
        imageManifest: text,
        imageManifestMediaType: mediaType,
        imageDigest: digest,
        imageTag,
      }),
    );
  return digest;
}

/** Lands a release of any digest: overlay and trailer in one commit. */
function release(digest: Digest): void {
  const overlay = `kind: Kustomization\nimages:\n  - name: ${bot}\n    newName: ${registry.host}/${bot}\n    digest: ${digest}\n`;
  const trailer = `Slipway-Release: production/${bot} to=${digest} from=${deployed} kind=deploy source=${'1'.repeat(40)} intent=01 run=x actor=me`;
  world.commit({ 'overlays/production/kustomization.yaml': overlay }, `release\n\n${trailer}`);
  deployed = digest;
}

const keep = (digest: Digest): string => `keep-${digest.slice(7, 19)}`;

async function tagsOf(): Promise<Record<string, string[]>> {
  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName: bot }));
  return Object.fromEntries(
    imageDetails.map(({ imageDigest = '', imageTags = [] }) => [imageDigest, imageTags.toSorted()]),
  );
}

interface Run {
  readonly code: number | null;
  readonly outputs: Record<string, string>;
  readonly summary: string;
  readonly log: string;
}

/** Runs the bundle as a runner does, in a checkout of the branch. */
async function retain(inputs: Record<string, string> = {}, onStart: (pid: number) => void = () => {}): Promise<Run> {
  const folder = mkdtempSync(join(lab.folder('runs'), 'run-'));
  const files = { GITHUB_OUTPUT: join(folder, 'output'), GITHUB_STEP_SUMMARY: join(folder, 'summary') };
  for (const path of Object.values(files)) writeFileSync(path, '');
  const given = {
    config: 'slipway.yaml',
    branch: 'main',
    releases: '10',
    'dry-run': 'false',
    token: 'a-secret-token',
    ...inputs,
  };
  const child = spawn(process.execPath, [join(repositoryRoot, 'actions/retain-images/dist/index.cjs')], {
    env: {
      PATH: process.env['PATH'],
      HOME: folder,
      AWS_ENDPOINT_URL: `http://${endpoint.host}`,
      AWS_ACCESS_KEY_ID: 'x',
      AWS_SECRET_ACCESS_KEY: 'y',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...files,
      ...Object.fromEntries(Object.entries(given).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
      GITHUB_WORKSPACE: join(world.remote, '../clone'),
      RUNNER_TEMP: folder,
      GITHUB_REPOSITORY: 'acme/bot',
      GITHUB_SERVER_URL: 'https://github.example',
      GITHUB_RUN_ID: '77',
      GITHUB_ACTOR: 'someone',
      GITHUB_SHA: '0'.repeat(40),
    },
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (log += chunk.toString()));
  onStart(child.pid ?? -1);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const matches = readFileSync(files.GITHUB_OUTPUT, 'utf8').matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm);
  const outputs = Object.fromEntries([...matches].map((match) => [match[1] ?? '', match[3] ?? '']));
  return { code, outputs, summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'), log };
}

test('tags what is deployed, then has nothing to do, then takes the tag away', async () => {
  const one = await push('one', ['in-1', 'git-1']);
  const two = await push('two', ['in-2']);
  release(one);
  const first = await retain();
  expect(first.log).not.toContain('::error');
  expect(first).toMatchObject({ code: 0, outputs: { outcome: 'changed' } });
  expect(JSON.parse(first.outputs['changes'] ?? '')).toEqual([
    { image: bot, digest: one, tag: keep(one), change: 'added' },
  ]);
  expect(await tagsOf()).toEqual({ [one]: ['git-1', 'in-1', keep(one)], [two]: ['in-2'] });
  expect(await retain()).toMatchObject({ code: 0, outputs: { outcome: 'kept', changes: '[]' } });
  release(two);
  expect((await retain({ releases: '1' })).outputs['outcome']).toBe('changed');
  expect(await tagsOf()).toEqual({ [one]: ['git-1', 'in-1'], [two]: ['in-2', keep(two)] });
  expect(writes).toEqual(['PutImage', 'BatchDeleteImage', 'PutImage']);
});

test('a dry run changes nothing and says what it would change', async () => {
  const one = await push('one', ['in-1']);
  release(one);
  const run = await retain({ 'dry-run': 'true' });
  expect(run).toMatchObject({ code: 0, outputs: { outcome: 'changed' } });
  expect(run.summary).toContain('Tags would be changed (dry run)');
  expect(writes).toEqual([]);
});

test('children of a manifest list are audited and need no tag', async () => {
  const child = await push('child', ['child-1']);
  const list = await push('list', ['in-1'], { manifests: [{ digest: child }] });
  release(list);
  const run = await retain();
  expect(run.code).toBe(0);
  const states = JSON.parse(run.outputs['protected'] ?? '') as { digest: string; needs: { list: string | null }[] }[]; // our own output
  expect(states.find(({ digest }) => digest === child)?.needs).toMatchObject([{ kind: 'child', list }]);
  expect((await tagsOf())[child]).toEqual(['child-1']);
});

test('a policy that takes what is deployed makes it red, with outputs and summary, and nothing is written', async () => {
  await setPolicy([SAFE_RULES[1]]);
  const one = await push('one', ['in-1']);
  release(one);
  const run = await retain();
  expect(run).toMatchObject({ code: 1, outputs: { outcome: 'endangered', changes: '[]' } });
  expect(run.log).toContain(
    `::error::${bot}: rule 2 of the lifecycle policy expires ${one} after 3 more pushes, but production (overlay, release`,
  );
  expect(run.summary).toContain('gone or in danger');
  expect(writes).toEqual([]);
});

test('an image that the records have and the registry does not is gone', async () => {
  const one = await push('one', ['in-1']);
  release(one);
  registry.fail({ match: /HEAD/, status: 404, times: 1 });
  const run = await retain();
  expect(run).toMatchObject({ code: 1, outputs: { outcome: 'endangered' } });
  expect(run.log).toContain(`${bot}@${one} is not in the registry, production (overlay, release`);
});

test('neither the token nor the password is printed', async () => {
  release(await push('one', ['in-1']));
  const { log, summary } = await retain();
  const printed = `${log.replace(/^::add-mask::.*$/gm, '')}${summary}`;
  for (const secret of ['a-secret-token', 'hidden', Buffer.from('AWS:hidden').toString('base64')])
    expect(printed).not.toContain(secret);
});

describe('a process that is killed and repeated ends as one that was not', () => {
  const points = [1, 2, 3].flatMap(
    (write) =>
      [
        [write, 'before'],
        [write, 'after'],
      ] as const,
  );
  test.each(points)('at write %i, %s', async (write, moment) => {
    const [one, two] = [await push('one', ['in-1']), await push('two', ['in-2'])];
    const old = await push('old', ['in-0']);
    const text = JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      annotations: { name: 'old' },
      layers: [],
    });
    await ecr.send(
      new PutImageCommand({ repositoryName: bot, imageManifest: text, imageDigest: old, imageTag: keep(old) }),
    );
    release(one);
    release(two);
    let pid = -1;
    onWrite = (when, number) => {
      if (when === moment && number === write && pid > 0) process.kill(pid, 'SIGKILL');
    };
    const killed = await retain({}, (id) => {
      pid = id;
    });
    expect(killed.code).toBeNull();
    pid = -1;
    const again = await retain();
    expect(again.log).not.toContain('::error');
    expect(await tagsOf()).toEqual({ [one]: ['in-1', keep(one)], [two]: ['in-2', keep(two)], [old]: ['in-0'] });
    expect((await retain()).outputs['outcome']).toBe('kept');
  });
});
