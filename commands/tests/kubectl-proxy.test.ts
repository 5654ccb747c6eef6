import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { makeKubectl } from '#core/doctor/tests/fake-kubectl.ts';
import { createExec } from '#core/system/exec.ts';
import { openKubeApi } from '../slipway/cluster/kubectl-proxy.ts';

const kubectl = makeKubectl();
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-proxy-'));
  kubectl.answer('/api', {});
});

afterEach(() => {
  rmSync(folder, { recursive: true });
  kubectl.remove();
});

test('a kind that the API server gets ready is asked for again: its store takes seconds after it is made', async () => {
  const exec = createExec({ PATH: `${kubectl.folder}:${process.env['PATH']}` });
  const api = await openKubeApi({ exec, kubeconfig: undefined, context: undefined, folder });
  try {
    const path = '/apis/argoproj.io/v1alpha1/applicationsets';
    kubectl.answer(path, { kind: 'Status', message: 'storage is (re)initializing' }, 429);
    const asked = api.call('GET', path);
    await sleep(500);
    kubectl.answer(path, { items: [] });
    expect(await asked).toEqual({ status: 200, body: { items: [] } });
    expect(kubectl.calls().filter((line) => line.includes(path)).length).toBeGreaterThan(1);
  } finally {
    await api.close();
  }
});
