import { describe, expect, test } from '@jest/globals';
import type { DigestChange } from '#core/overlay/kustomization/images.ts';
import { proveChange } from '#core/overlay/kustomization/proof.ts';
import type { Rendered } from '#core/overlay/kustomization/render.ts';
import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';

const host = 'r.example:5000/discord-bot';
const change: DigestChange = {
  image: 'discord-bot',
  entry: 'discord-bot',
  repository: host,
  from: OLD,
  fromTag: undefined,
  to: NEW,
  line: 3,
};

const deployment = (image: string, more = ''): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: bot\n  namespace: discord-bot\nspec:\n  replicas: 1\n  template:\n    spec:\n      containers:\n      - image: ${image}\n        name: main${more}`;
const rendered = (...documents: string[]): Rendered => ({ documents });
const prove = (before: Rendered, after: Rendered, changes = [change]) =>
  proveChange(before, after, changes, 'overlays/production');

describe('proven', () => {
  test('a container of the entry', () => {
    const before = rendered('kind: Service\nmetadata: {name: bot}', deployment(`${host}@${OLD}`));
    const after = rendered('kind: Service\nmetadata: {name: bot}', deployment(`${host}@${NEW}`));
    expect(prove(before, after)).toEqual([
      {
        kind: 'Deployment',
        namespace: 'discord-bot',
        name: 'bot',
        container: 'main',
        from: `${host}@${OLD}`,
        to: `${host}@${NEW}`,
      },
    ]);
  });

  test.each([
    ['a tag', { from: undefined, fromTag: 'v1' }, `${host}:v1`],
    ['a tag and a digest', { from: OLD, fromTag: 'v1' }, `${host}:v1@${OLD}`],
    ["the base's own tag", { from: undefined, fromTag: undefined }, `${host}:latest`],
    ['nothing', { from: undefined, fromTag: undefined }, host],
  ])('from %s', (_name, was, image) => {
    const proven = prove(rendered(deployment(image)), rendered(deployment(`${host}@${NEW}`)), [{ ...change, ...was }]);
    expect(proven.map(({ from }) => from)).toEqual([image]);
  });

  test.each([
    [
      'an init container',
      'spec:\n  template:\n    spec:\n      initContainers:\n      - name: main\n        image: IMAGE',
      'main',
    ],
    ['an ephemeral container', 'spec:\n  ephemeralContainers:\n  - name: main\n    image: IMAGE', 'main'],
    ['a pod template', 'template:\n  spec:\n    containers:\n    - name: main\n      image: IMAGE', 'main'],
    [
      'a cron job',
      'spec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n          - {name: main, image: "IMAGE"}',
      'main',
    ],
    ['a custom resource', 'spec:\n  runner:\n    image: IMAGE', 'spec.runner.image'],
    [
      'an image volume',
      'spec:\n  volumes:\n  - name: model\n    image:\n      reference: IMAGE',
      'spec.volumes.0.image.reference',
    ],
  ])('in %s', (_name, body, container) => {
    const write = (digest: string) =>
      rendered(`kind: Any\nmetadata: {name: any}\n${body.replace('IMAGE', `${host}@${digest}`)}`);
    expect(prove(write(OLD), write(NEW))).toEqual([
      expect.objectContaining({ kind: 'Any', namespace: undefined, container }),
    ]);
  });

  test.each([
    ['an environment variable with a copy', `spec:\n  env:\n  - name: I\n    value: ${host}@`, 'spec.env.0.value'],
    ['an annotation with a copy', `metadata:\n  annotations:\n    image: ${host}@`, 'metadata.annotations.image'],
    ['a field of another name', `spec:\n  package: ${host}@`, 'spec.package'],
    ['a copy of the digest alone', 'spec:\n  revision: ', 'spec.revision'],
  ])('%s, besides the container', (_name, body, container) => {
    const write = (digest: string) => rendered(deployment(`${host}@${digest}`), `kind: Any\n${body}${digest}`);
    expect(prove(write(OLD), write(NEW)).map((one) => one.container)).toEqual(['main', container]);
  });

  test('two images from one repository', () => {
    const second = { ...change, image: 'worker', entry: 'worker', to: `sha256:${'d'.repeat(64)}` as const };
    const before = rendered(deployment(`${host}@${OLD}`), deployment(`${host}@${OLD}`));
    const after = rendered(deployment(`${host}@${NEW}`), deployment(`${host}@${second.to}`));
    expect(prove(before, after, [change, second])).toHaveLength(2);
  });

  test('nothing, of nothing', () => expect(prove(rendered('a: 1'), rendered('a: 1'), [])).toEqual([]));
});

describe('refused', () => {
  const before = deployment(`${host}@${OLD}`);
  const after = deployment(`${host}@${NEW}`);
  test.each([
    [
      'another field of the same resource',
      before,
      after.replace('replicas: 1', 'replicas: 2'),
      /would also change spec.replicas of Deployment bot from "1" to "2"/,
    ],
    [
      'a field more',
      before,
      `${after}\n        tty: true`,
      /containers.0.tty of Deployment bot from nothing to "true"/,
    ],
    [
      'a field less',
      `${before}\n        tty: true`,
      after,
      /containers.0.tty of Deployment bot from "true" to nothing/,
    ],
    [
      'a container more',
      before,
      `${after}\n      - image: ${host}@${NEW}\n        name: second`,
      /containers.1 of Deployment bot from nothing/,
    ],
    ['a number beside its text', before, after.replace('replicas: 1', 'replicas: "1"'), /spec.replicas/],
    [
      'a number that no double holds',
      before.replace(': 1', ': 12345678901234567890'),
      after.replace(': 1', ': 12345678901234567891'),
      /spec.replicas/,
    ],
    ['a key that is a number', `${before}\n        8080: a`, `${after}\n        8080: b`, /containers.0.8080/],
    [
      'an environment variable with more than the image',
      `${before}\n        env:\n        - name: I\n          value: runs ${host}@${OLD}`,
      `${after}\n        env:\n        - name: I\n          value: runs ${host}@${NEW}`,
      /env.0.value/,
    ],
    [
      'a copy of another digest',
      `${before}\nrevision: sha256:${'e'.repeat(64)}`,
      `${after}\nrevision: ${NEW}`,
      /would also change revision/,
    ],
    [
      'an annotation that had another image',
      before.replace('  name: bot', `  name: bot\n  annotations:\n    image: other@${OLD}`),
      after.replace('  name: bot', `  name: bot\n  annotations:\n    image: ${host}@${NEW}`),
      /metadata.annotations.image/,
    ],
    [
      'the image of somebody else',
      `${before}\n      - image: other@${OLD}`,
      `${after}\n      - image: ${host}@${NEW}`,
      /containers.1.image of Deployment bot from "other@/,
    ],
    [
      'our repository at a digest that the entry did not give',
      deployment(`${host}@sha256:${'e'.repeat(64)}`),
      after,
      /containers.0.image/,
    ],
    ['another digest than the wanted', before, deployment(`${host}@sha256:${'e'.repeat(64)}`), /containers.0.image/],
    [
      'the same digest from another repository',
      before,
      deployment(`evil.example/discord-bot@${NEW}`),
      /containers.0.image/,
    ],
    ['a tag kept beside the digest', before, deployment(`${host}:v1@${NEW}`), /containers.0.image/],
    [
      'another kind',
      before,
      after.replace('Deployment', 'DaemonSet'),
      /would turn Deployment discord-bot\/bot into DaemonSet discord-bot\/bot/,
    ],
    ['a comment', before, `${before} # new`, /renders in another form/],
  ])('%s', (_name, was, is, message) => {
    expect(() => prove(rendered(was), rendered(is))).toThrow(message);
  });

  test('a resource more or less', () => {
    expect(() => prove(rendered(before), rendered(after, 'kind: Job'))).toThrow('number of resources from 1 to 2');
  });

  test('an image that no container has, with the nearest name there', () => {
    const same = rendered(deployment('r.example:5000/discord-bott:1'), 'kind: ConfigMap');
    expect(() => prove(same, same)).toThrow(
      /^overlays\/production: the images entry discord-bot matches no container; there are r.example:5000\/discord-bott; call it as the manifests call discord-bot, and where that is not its key, add it to names of discord-bot in slipway.yaml/,
    );
    const near = rendered(deployment('discord-bots:1'));
    expect(() => prove(near, near)).toThrow(/did you mean "discord-bots"\?/);
  });

  test('one of two images that matches nothing, though the other does', () => {
    const other = { ...change, image: 'dev-sandbox', entry: 'dev-sandbox', repository: 'r.example/dev-sandbox' };
    expect(() => prove(rendered(before), rendered(after), [change, other])).toThrow(/dev-sandbox matches no container/);
  });

  test('a base that names the wanted digest itself', () => {
    expect(() => prove(rendered(after), rendered(after))).toThrow(
      /without its images entry; take the digest out of the base/,
    );
  });
});
