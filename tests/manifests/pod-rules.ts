import { z } from 'zod';
import { type Manifest, nameOf } from '#tests/manifests/objects.ts';

const amounts = z.record(z.string(), z.unknown()).default({});
const container = z.looseObject({
  name: z.string(),
  image: z.string().default(''),
  resources: z.looseObject({ requests: amounts, limits: amounts }).prefault({}),
  securityContext: z
    .looseObject({
      privileged: z.boolean().optional(),
      allowPrivilegeEscalation: z.boolean().optional(),
      capabilities: z.looseObject({ add: z.array(z.string()).default([]) }).prefault({}),
    })
    .prefault({}),
});
const containers = z.array(container).default([]);
const pod = z.looseObject({
  hostNetwork: z.boolean().optional(),
  hostPID: z.boolean().optional(),
  hostIPC: z.boolean().optional(),
  volumes: z.array(z.looseObject({ name: z.string(), hostPath: z.unknown().optional() })).default([]),
  containers,
  initContainers: containers,
  ephemeralContainers: containers,
});
type Container = z.output<typeof container>;

/** Returns what an object's pods could do to their node or run unseen, one sentence each. */
export function checkPods(object: Manifest): string[] {
  return findPods(object).flatMap((found) => {
    const written = pod.parse(found);
    const say = (text: string): string => `${nameOf(object)} ${text}`;
    const bounded = [...written.containers, ...written.initContainers];
    return [
      ...(['hostNetwork', 'hostPID', 'hostIPC'] as const)
        .filter((name) => written[name] === true)
        .map((name) => say(`has ${name}`)),
      ...written.volumes
        .filter(({ hostPath }) => hostPath !== undefined)
        .map(({ name }) => say(`mounts the node by the hostPath volume ${name}`)),
      ...bounded.flatMap((each) => checkResources(each).map(say)),
      ...[...bounded, ...written.ephemeralContainers].flatMap((each) => checkContainer(each).map(say)),
    ];
  });
}

/** Every part of an object that has containers: a Deployment's template, a CronJob's, one of a kind we do not know. */
function findPods(value: unknown): object[] {
  if (typeof value !== 'object' || value === null) return [];
  const isPod = ['containers', 'initContainers', 'ephemeralContainers'].some((key) =>
    Array.isArray(Reflect.get(value, key)),
  );
  return isPod ? [value] : Object.values(value).flatMap(findPods);
}

function checkResources({ name, resources }: Container): string[] {
  return (['requests', 'limits'] as const).flatMap((field) =>
    ['cpu', 'memory']
      .filter((amount) => resources[field][amount] === undefined)
      .map((amount) => `has no ${field} of ${amount} for the container ${name}`),
  );
}

function checkContainer({ name, image, securityContext }: Container): string[] {
  const { privileged, allowPrivilegeEscalation, capabilities } = securityContext;
  return [
    ...(privileged === true ? [`runs the container ${name} privileged`] : []),
    // Kubernetes allows it where nothing is written
    ...(allowPrivilegeEscalation === false ? [] : [`does not set allowPrivilegeEscalation: false for ${name}`]),
    ...capabilities.add.map((capability) => `adds the capability ${capability} to ${name}`),
    ...(/^[^@]+@sha256:[0-9a-f]{64}$/.test(image) ? [] : [`runs ${image} in ${name}: name the image by its digest`]),
  ];
}
