import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { DEFAULT_OPTIONS, findKustomize, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { createExec } from '#core/system/exec.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

const path = `${kustomizeFolder}:${process.env['PATH'] ?? ''}`;
const exec = createExec({ ...process.env, PATH: path });
let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'slipway-render-'));
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(files: Record<string, string>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), content);
  }
}

/** Programs of these names, each a shell script. */
function programs(scripts: Record<string, string>): ReturnType<typeof createExec> {
  for (const [name, script] of Object.entries(scripts)) {
    write({ [`bin/${name}`]: `#!/bin/sh\n${script}\n` });
    chmodSync(join(root, 'bin', name), 0o755);
  }
  return createExec({ PATH: `${join(root, 'bin')}:/usr/bin:/bin` });
}

const pod = 'apiVersion: v1\nkind: Pod\nmetadata: {name: bot}\nspec: {containers: [{name: main, image: bot}]}\n';
const map =
  'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: text}\ndata:\n  marks: |\n    ---\n    kind: NotAResource\n';

test('the kustomize on PATH renders; marks inside of a text separate nothing', async () => {
  write({
    'overlays/x/kustomization.yaml': 'resources: [pod.yaml, map.yaml]\n',
    'overlays/x/pod.yaml': pod,
    'overlays/x/map.yaml': map,
  });
  const kustomize = await findKustomize(exec);
  expect(kustomize).toMatchObject({ name: 'kustomize', version: expect.stringMatching(/^v\d+\.\d+\.\d+/) });
  const { documents } = await renderOverlay({ exec, kustomize }, join(root, 'overlays/x'), 'overlays/x');
  expect(documents.map((document) => document.match(/^kind: (\w+)/m)?.[1])).toEqual(['ConfigMap', 'Pod']);
});

test("kustomize's own last words, with the repository's paths only", async () => {
  write({
    'overlays/x/kustomization.yaml': 'resources: [../../base]\n',
    'base/kustomization.yaml': 'resources: [missing.yaml]\n',
  });
  const kustomize = await findKustomize(exec);
  const rendering = renderOverlay({ exec, kustomize }, join(root, 'overlays/x'), 'overlays/x');
  await expect(rendering).rejects.toThrow(
    /^the overlay overlays\/x does not render: Error: accumulating resources: .*missing\.yaml/,
  );
  await expect(rendering).rejects.not.toThrow(root);
  await expect(rendering).rejects.toMatchObject({ name: 'Refusal' });
});

test.each([
  ['v5.8.1', 'echo v5.8.1', 'v5.8.1'],
  ['an old form', 'echo "{Version:kustomize/v4.5.7 GitCommit:56d8 BuildDate:2022}"', 'v4.5.7'],
  ['built without a version', 'echo "(devel)"', '(devel)'],
])('kustomize says its version: %s', async (_name, script, version) => {
  expect(await findKustomize(programs({ kustomize: script }))).toEqual({
    argv: ['kustomize', 'build'],
    name: 'kustomize',
    version,
  });
});

test("without kustomize, kubectl's own; a kustomize that does not run counts as none", async () => {
  const kubectl = 'echo "Client Version: v1.32.4"; echo "Kustomize Version: v5.5.0"';
  const expected = { argv: ['kubectl', 'kustomize'], name: 'kubectl', version: 'v5.5.0' };
  expect(await findKustomize(programs({ kubectl, kustomize: 'echo v5.8.1; exit 1' }))).toEqual(expected);
});

test('neither', async () => {
  const without = programs({ kustomize: 'exit 127', kubectl: 'exit 1' });
  await expect(findKustomize(without)).rejects.toThrow(
    'neither kustomize nor kubectl can be run from PATH; install one',
  );
});

test('a rendering that does not end is ended', async () => {
  const slow = programs({ kustomize: 'exec sleep 60' });
  const kustomize = { argv: ['kustomize', 'build'], name: 'kustomize', version: 'v5.8.1' } as const;
  const rendering = renderOverlay({ exec: slow, kustomize }, root, 'overlays/x', {
    ...DEFAULT_OPTIONS,
    timeout: 0.2,
  });
  await expect(rendering).rejects.toThrow(
    'the overlay overlays/x did not render within 0.2 s; kustomize.timeout of its environment',
  );
});

describe("kubectl's logged last words are read, and the command that it prints shows the same", () => {
  const kubectl = { argv: ['kubectl', 'kustomize'], name: 'kubectl', version: 'v5.5.0' } as const;
  const head = 'E1127 00:05:54.959594    3545 run.go:72] "command failed" err=';
  test.each([
    [
      'quotes inside',
      `${head}"evalsymlink failure on 'base/x' : \\"x\\" is missing"`,
      `failure on 'base/x' : "x" is missing`,
    ],
    ['a line of its own each', `${head}"no matches for patch\\nin a base"`, 'no matches for patch in a base'],
    ['nothing logged', 'error: accumulating resources', 'error: accumulating resources'],
  ])('%s', async (_name, said, told) => {
    write({ said: `${said}\n` });
    const failing = programs({ kubectl: `cat ${join(root, 'said')} >&2; exit 1` });
    const rendering = renderOverlay({ exec: failing, kustomize: kubectl }, join(root, 'overlays/x'), 'overlays/x');
    const error = await rendering.catch((thrown: Error) => thrown.message);
    expect(error).toContain(told);
    expect(error).not.toContain('command failed');
    expect(error).toMatch(/; fix it, "kubectl kustomize overlays\/x" shows the same$/);
  });
});
