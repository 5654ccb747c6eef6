import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';
import type { Cluster } from '#lab/cluster/cluster.ts';
import { waitUntilServed } from '#lab/cluster/served.ts';
import type { Lab, LabProcess } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The kinds that the tenant uses, of two dozen, and the one without which the controller does not start. */
const KINDS = [
  'external-secrets.io_externalsecrets',
  'external-secrets.io_secretstores',
  'generators.external-secrets.io_ecrauthorizationtokens',
  'generators.external-secrets.io_generatorstates',
];

/** External Secrets beside the cluster. */
export interface ExternalSecrets {
  /** Ends it: from then on nothing is renewed. */
  stop(): Promise<void>;
  /** Starts it again. */
  start(): Promise<void>;
}

/** Where the tenant has it from: the chart's own settings. */
const SETTINGS = 'argocd/platform/external-secrets.yaml';
const log = z.looseObject({ level: z.string() });
const settings = z.looseObject({
  spec: z.looseObject({
    source: z.looseObject({ helm: z.looseObject({ valuesObject: z.looseObject({ log: log.optional() }) }) }),
  }),
});

/** What the controller is told, and where. */
interface Conditions {
  readonly kubeconfig: string;
  readonly endpoint: string;
  readonly logLevel: string;
}

/** Applies the custom resources and starts the controller, whose AWS is the lab's; it logs as the checkout says. */
export async function startExternalSecrets(
  lab: Lab,
  toolbox: Toolbox,
  cluster: Pick<Cluster, 'apply' | 'kubectl' | 'kubeconfig'>,
  { endpoint, checkout }: { readonly endpoint: string; readonly checkout: string },
): Promise<ExternalSecrets> {
  const folder = join(toolbox.file('external-secrets/crds'), 'crds/bases');
  await cluster.apply(KINDS.flatMap((kind) => readObjects(join(folder, `${kind}.yaml`))));
  await waitUntilServed(
    cluster,
    KINDS.map((kind) => kind.split('_').reverse().join('.')),
  );
  const conditions = { kubeconfig: cluster.kubeconfig, endpoint, logLevel: readLogLevel(checkout) };
  let running: LabProcess | undefined;
  const start = async (): Promise<void> => {
    running = await startController(lab, toolbox, conditions);
  };
  await start();
  return { start, stop: async () => running?.stop() };
}

/** The chart's own level where the checkout says none. */
function readLogLevel(checkout: string): string {
  const file = join(checkout, SETTINGS);
  if (!existsSync(file)) return 'info';
  return settings.parse(parse(readFileSync(file, 'utf8'))).spec.source.helm.valuesObject.log?.level ?? 'info';
}

async function startController(
  lab: Lab,
  toolbox: Toolbox,
  { kubeconfig, endpoint, logLevel }: Conditions,
): Promise<LabProcess> {
  const live = `127.0.0.1:${await freePort()}`;
  return lab.start({
    name: 'external-secrets',
    argv: [
      toolbox.tool('external-secrets'),
      `--live-addr=${live}`,
      `--metrics-addr=127.0.0.1:${await freePort()}`,
      `--loglevel=${logLevel}`,
      '--concurrent=4',
      // of the kinds that the tenant does not use, the cluster has no definition
      ...['cluster-store', 'cluster-external-secret', 'cluster-push-secret', 'push-secret'].map(
        (kind) => `--enable-${kind}-reconciler=false`,
      ),
      '--enable-generator-state=false',
    ],
    env: {
      KUBECONFIG: kubeconfig,
      ...Object.fromEntries(['SSM', 'ECR', 'STS'].map((service) => [`AWS_${service}_ENDPOINT`, endpoint])),
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    ready: async () => (await fetch(`http://${live}/healthz`)).ok,
  });
}

function readObjects(path: string): unknown[] {
  return parseAllDocuments(readFileSync(path, 'utf8'))
    .map((document): unknown => document.toJS())
    .filter(Boolean);
}
