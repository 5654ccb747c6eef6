import * as z from 'zod';

/** Longer texts are cut: what a message has to say is at its beginning. */
const LONGEST = 2_000;

const text = z.string().transform((value) => value.slice(0, LONGEST));
/** Names of objects, as the API server allows them: nothing that a terminal or a shell reads as something else. */
const name = z.string().regex(/^[A-Za-z0-9]([\w.:-]{0,251}[A-Za-z0-9])?$/);
const list = <T extends z.ZodType>(of: T) =>
  z
    .array(of)
    .nullish()
    .transform((items) => items ?? []);

const meta = z.object({
  name,
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
  labels: z.record(z.string(), z.string()).optional(),
  annotations: z.object({ 'deployment.kubernetes.io/revision': z.string().optional() }).optional(),
  ownerReferences: list(z.object({ kind: z.string(), name })),
});

const port = z.union([z.string(), z.number()]);
const probe = z.object({ httpGet: z.object({ path: z.string().default('/'), port }).optional() });
const reference = z.object({ name: name.optional(), key: z.string().optional(), optional: z.boolean().optional() });

/** Values of variables are left out: a manifest may have a secret there. */
const container = z.object({
  name,
  image: z.string(),
  ports: list(z.object({ name: z.string().optional(), containerPort: z.number() })),
  readinessProbe: probe.optional(),
  env: list(
    z.object({
      name: z.string(),
      valueFrom: z.object({ secretKeyRef: reference.optional(), configMapKeyRef: reference.optional() }).optional(),
    }),
  ),
});

const ended = z.object({
  reason: z.string().optional(),
  message: text.optional(),
  exitCode: z.number(),
  signal: z.number().optional(),
});

const state = z.object({
  waiting: z.object({ reason: z.string().optional(), message: text.optional() }).optional(),
  terminated: ended.optional(),
  running: z.object({}).optional(),
});

const containerStatus = z.object({
  name,
  ready: z.boolean(),
  restartCount: z.number(),
  state: state.default({}),
  lastState: state.default({}),
});

const condition = z.object({
  type: z.string(),
  status: z.string().default(''),
  reason: z.string().optional(),
  message: text.optional(),
});

/** A pod, without the values of its variables. */
export const pod = z.object({
  metadata: meta,
  spec: z.object({
    nodeName: z.string().optional(),
    imagePullSecrets: list(z.object({ name: name.optional() })),
    containers: list(container),
    initContainers: list(container),
    volumes: list(z.object({ persistentVolumeClaim: z.object({ claimName: name }).optional() })),
  }),
  status: z.object({
    phase: z.string().optional(),
    reason: z.string().optional(),
    message: text.optional(),
    conditions: list(condition),
    containerStatuses: list(containerStatus),
    initContainerStatuses: list(containerStatus),
  }),
});

/** A Deployment. */
export const deployment = z.object({
  metadata: meta,
  spec: z.object({
    replicas: z.number().default(1),
    paused: z.boolean().optional(),
    template: z.object({ spec: z.object({ containers: list(container), initContainers: list(container) }) }),
  }),
  status: z
    .object({
      readyReplicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      unavailableReplicas: z.number().default(0),
      conditions: list(condition),
    })
    .default({ readyReplicas: 0, updatedReplicas: 0, unavailableReplicas: 0, conditions: [] }),
});

/** A ReplicaSet. */
export const replicaSet = z.object({
  metadata: meta,
  spec: z.object({ replicas: z.number().default(1) }),
  status: z.object({ replicas: z.number().default(0), conditions: list(condition) }),
});

/** An event. */
export const event = z.object({
  type: z.string().default(''),
  reason: z.string().default(''),
  message: text.default(''),
  /** When it happened last. */
  lastTimestamp: z.string().nullish(),
  involvedObject: z.object({ kind: z.string().default(''), name: z.string().default('') }),
});

/** A claim for storage. */
export const claim = z.object({
  metadata: meta,
  spec: z.object({ storageClassName: z.string().optional() }),
  status: z.object({ phase: z.string().optional() }),
});

const policyPort = z.object({
  protocol: z.string().default('TCP'),
  port: port.optional(),
  endPort: z.number().optional(),
});

const selector = z.object({
  matchLabels: z.record(z.string(), z.string()).optional(),
  matchExpressions: list(z.object({ key: z.string(), operator: z.string(), values: list(z.string()) })),
});

/** A NetworkPolicy. */
export const policy = z.object({
  metadata: meta,
  spec: z.object({
    podSelector: selector.default({ matchExpressions: [] }),
    policyTypes: list(z.string()),
    egress: list(z.object({ ports: list(policyPort) })),
  }),
});

/** An ExternalSecret of External Secrets. */
export const externalSecret = z.object({
  metadata: meta,
  spec: z.object({
    secretStoreRef: z.object({ name: name.optional(), kind: z.string().optional() }).optional(),
    target: z.object({ name: name.optional() }).optional(),
  }),
  status: z.object({ refreshTime: z.string().nullish(), conditions: list(condition) }).default({ conditions: [] }),
});

/** A SecretStore of External Secrets: where parameters are read, and what each of their names begins with. */
export const secretStore = z.object({
  metadata: meta,
  spec: z.object({
    provider: z.object({ aws: z.object({ prefix: z.string().default(''), region: z.string().optional() }).optional() }),
  }),
});

/** A namespace. */
export const namespace = z.object({
  metadata: meta,
  status: z.object({ phase: z.string().optional() }).default({}),
});

const source = z.object({
  repoURL: z.string().default(''),
  path: z.string().optional(),
  targetRevision: z.string().optional(),
});

/** An Application of Argo CD. */
export const application = z.object({
  metadata: meta,
  spec: z.object({
    project: z.string().default('default'),
    source: source.optional(),
    sources: list(source),
    destination: z.object({ namespace: name.optional() }).default({}),
    syncPolicy: z.object({ automated: z.object({ enabled: z.boolean().optional() }).nullish() }).nullish(),
  }),
  status: z
    .object({
      sync: z.object({ status: z.string().default(''), revision: z.string().optional() }).optional(),
      health: z.object({ status: z.string().default('') }).optional(),
      reconciledAt: z.string().optional(),
      conditions: list(z.object({ type: z.string(), message: text.default('') })),
      operationState: z
        .object({
          phase: z.string().default(''),
          message: text.default(''),
          syncResult: z
            .object({
              revision: z.string().optional(),
              resources: list(
                z.object({
                  kind: z.string().default(''),
                  name: z.string().default(''),
                  status: z.string().optional(),
                  message: text.default(''),
                }),
              ),
            })
            .optional(),
        })
        .optional(),
    })
    .default({ conditions: [] }),
});

export type Pod = z.output<typeof pod>;
export type Container = z.output<typeof container>;
export type ContainerStatus = z.output<typeof containerStatus>;
export type Deployment = z.output<typeof deployment>;
export type ReplicaSet = z.output<typeof replicaSet>;
export type KubeEvent = z.output<typeof event>;
export type Claim = z.output<typeof claim>;
export type Policy = z.output<typeof policy>;
export type ExternalSecret = z.output<typeof externalSecret>;
export type SecretStore = z.output<typeof secretStore>;
export type Namespace = z.output<typeof namespace>;
export type Application = z.output<typeof application>;
