import { describe, expect, test } from '@jest/globals';
import { findOwn } from '#core/doctor/application-causes.ts';
import { diagnose } from '#core/doctor/diagnose.ts';
import { type Facts, or } from '#core/doctor/facts.ts';
import type { Application } from '#core/doctor/kube.ts';
import { clusterOf, codesOf, readFacts, withCluster, withGit } from './worlds.ts';

/** A world in which a cause was recorded, and now all is well: its pods serve, Argo CD is content. */
function heal(name: string): Facts {
  const facts = readFacts(name);
  const { deployments, application } = clusterOf(facts);
  if ('unknown' in deployments || 'unknown' in application || application.value === null) throw new Error('not asked');
  const ready = deployments.value.map((one) => ({
    ...one,
    status: { ...one.status, readyReplicas: one.spec.replicas },
  }));
  const status = { ...application.value.status, sync: { status: 'Synced' }, health: { status: 'Healthy' } };
  return withCluster(facts, {
    ...{ pods: { value: [] }, replicaSets: { value: [] }, events: { value: [] }, ready: [] },
    deployments: { value: ready },
    application: { value: { ...application.value, status } },
  });
}

describe('what is wrong and has no cause that is known', () => {
  const well = heal('wrong-probe');
  const withApplication = (status: object, syncPolicy: object = { automated: {} }): Facts => {
    const { application } = clusterOf(well);
    if ('unknown' in application || application.value === null) throw new Error('not asked');
    const { spec } = application.value;
    const value = { ...application.value, spec: { ...spec, syncPolicy }, status: { conditions: [], ...status } };
    return withCluster(well, { application: { value: value as never } });
  };

  test('nothing, where all is well', () => {
    expect(diagnose(well)).toMatchObject({ causes: [], open: [] });
  });

  test('a Deployment without its pods is named, with what the node said last', () => {
    const { deployments } = clusterOf(well);
    if ('unknown' in deployments) throw new Error('not asked');
    const short = deployments.value.map((one) => ({ ...one, status: { ...one.status, readyReplicas: 0 } }));
    const [pod] = or(clusterOf(readFacts('memory')).pods, []);
    if (pod === undefined) throw new Error('no pod');
    const waiting = { ...pod, status: { ...pod.status, containerStatuses: [] } };
    const involvedObject = { kind: 'Pod', name: pod.metadata.name };
    const event = { type: 'Warning', reason: 'FailedAttachVolume', message: 'Multi-Attach error', involvedObject };
    const old = { ...event, message: 'of a pod before', involvedObject: { kind: 'Pod', name: 'discord-bot-1-1' } };
    const look = (conditions: (typeof short)[0]['status']['conditions']) =>
      diagnose(
        withCluster(well, {
          deployments: { value: short.map((one) => ({ ...one, status: { ...one.status, conditions } })) },
          pods: { value: [waiting] },
          events: { value: [event, old] },
        }),
      );
    const { causes, open } = look([]);
    expect([causes, open]).toEqual([
      [],
      ['why discord-bot has 0 of 1 pods ready: FailedAttachVolume "Multi-Attach error"'],
    ]);
    // a rollout that gets on is no fault
    expect(look([{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }])).toMatchObject({ open: [] });
  });

  test('an Application that is not well, and one that a sync window holds back', () => {
    const bad = { sync: { status: 'OutOfSync' }, health: { status: 'Degraded' } };
    expect(diagnose(withApplication(bad)).open).toEqual([
      expect.stringMatching(/^why the Application \S+ is OutOfSync and Degraded$/),
    ]);
    const under = { phase: 'Running', message: 'waiting for healthy state' };
    expect(diagnose(withApplication({ sync: { status: 'OutOfSync' }, operationState: under })).open).toEqual([]);
    const operationState = { phase: 'Running', message: 'operation is blocked by sync window', conditions: [] };
    const held = withApplication({ sync: { status: 'OutOfSync' }, operationState });
    const newer = withGit(held, {}, { digest: `sha256:${'d'.repeat(64)}` });
    const { causes, open } = diagnose(newer);
    expect([causes, open]).toEqual([[], [expect.stringContaining('"operation is blocked by sync window"')]]);
  });

  test('automated sync that is switched off is switched on by the command', () => {
    const off = withApplication({ sync: { status: 'OutOfSync' } }, { automated: { enabled: false } });
    const [cause] = diagnose(off).causes;
    expect([cause?.code, cause?.evidence[1]]).toEqual(['auto-sync-off', 'its syncPolicy.automated has enabled: false']);
    expect(cause?.next).toContain('"enabled":true');
  });

  test('a pod that was evicted stays, and is no cause: another took its place', () => {
    const { pods } = clusterOf(readFacts('memory'));
    if ('unknown' in pods) throw new Error('not asked');
    const evicted = pods.value.map((one) => ({
      ...one,
      status: { ...one.status, phase: 'Failed', reason: 'Evicted' },
    }));
    expect(diagnose(withCluster(well, { pods: { value: evicted } }))).toMatchObject({ causes: [], open: [] });
  });

  test('a claim that waits for its first pod is no cause while the nodes are full', () => {
    const facts = readFacts('claim-unbound');
    const { pods } = clusterOf(facts);
    if ('unknown' in pods) throw new Error('not asked');
    const full = pods.value.map((one) => ({
      ...one,
      status: {
        ...one.status,
        conditions: one.status.conditions.map((each) => ({ ...each, message: '0/3 nodes: 3 Insufficient memory.' })),
      },
    }));
    expect(codesOf(facts)).toEqual(['claim-unbound']);
    expect(codesOf(withCluster(facts, { pods: { value: full } }))).toEqual(['no-node-fits']);
  });
});

describe('whose Application it is', () => {
  const follow = (name: string, path = 'overlays/production', namespace = 'theirs') =>
    ({
      metadata: { name },
      spec: { source: { path }, sources: [], destination: { namespace } },
    }) as unknown as Application;
  const git = { ...readFacts('production').git, overlay: 'overlays/production', namespace: 'ours' };
  const find = (all: readonly Application[], file: string | null) =>
    findOwn(
      {
        git: { ...git, application: file === null ? null : { file: 'a.yaml', name: file } },
        environment: 'production',
      },
      all,
    )?.metadata.name;

  test.each([
    ['the one that git describes, though another comes first', [follow('acme'), follow('shop')], 'shop', 'shop'],
    ['the same, where it follows another folder', [follow('acme'), follow('shop', 'other')], 'shop', 'shop'],
    ['the only one that follows the overlay', [follow('acme'), follow('x', 'y')], null, 'acme'],
    [
      'of several, the one that is called as the environment',
      [follow('acme'), follow('production')],
      null,
      'production',
    ],
    ['none, where it may be of another team', [follow('acme'), follow('other')], null, undefined],
    [
      'its own by name and namespace, though it follows another folder',
      [follow('production', 'x', 'ours')],
      null,
      'production',
    ],
    ['none, where another team has one with that name', [follow('production', 'x')], null, undefined],
    ['none, where another one delivers to its namespace', [follow('other', 'x', 'ours')], null, undefined],
  ])('%s', (_name, all, file, found) => {
    expect(find(all, file)).toBe(found);
  });
});

test('the remedy of staging names its own identities', () => {
  const staging = (name: string) => diagnose({ ...readFacts(name), namespace: 'discord-bot-staging' }).causes[0]?.next;
  expect(staging('aws-key-wrong')).toBe('npm run -s keys -- rotate bot --project discord-bot-staging');
  expect(staging('table-denied')).toBe('aws iam list-user-policies --user-name discord-bot-staging-bot');
});
