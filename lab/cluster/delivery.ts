import { join } from 'node:path';
import { GetAuthorizationTokenCommand } from '@aws-sdk/client-ecr';
import type { RegistryCredentials } from '#core/registry/registry.ts';
import type { Aws } from '#lab/aws/aws.ts';
import { createEcrClient } from '#lab/aws/images.ts';
import type { OciRegistry } from '#lab/aws/registry.ts';
import { type ArgoCD, installArgoCD, startArgoCD } from '#lab/cluster/argocd.ts';
import { type Cluster, startCluster } from '#lab/cluster/cluster.ts';
import { type ExternalSecrets, startExternalSecrets } from '#lab/cluster/external-secrets.ts';
import { makeIdentities, readProject } from '#lab/cluster/identities.ts';
import type { PodNetwork } from '#lab/cluster/network.ts';
import { applyPlatform, readPlatform } from '#lab/cluster/platform.ts';
import { startReloader } from '#lab/cluster/reloader.ts';
import { prepareNamespaces } from '#lab/cluster/tenant.ts';
import type { LabEnvironment } from '#lab/environments.ts';
import type { GitHub } from '#lab/github/github.ts';
import type { RegisteredApp } from '#lab/github/identity/apps.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** What brings a commit into pods. */
export interface Delivery {
  readonly cluster: Cluster;
  readonly argocd: ArgoCD;
  readonly externalSecrets: ExternalSecrets;
}

/** What {@link startDelivery} needs. */
export interface DeliveryParts {
  readonly network: PodNetwork;
  readonly aws: Aws;
  readonly registry: OciRegistry;
  readonly github: GitHub;
  /** The tenant's environments. */
  readonly environments: ReadonlyMap<string, LabEnvironment>;
  /** The tenant's checkout, where its `argocd/` is. */
  readonly checkout: string;
  /** The App in whose name Argo CD writes statuses. */
  readonly app: RegisteredApp;
}

/** Starts the cluster and Argo CD, which from the first push on follows the tenant's repository. */
export async function startDelivery(lab: Lab, toolbox: Toolbox, parts: DeliveryParts): Promise<Delivery> {
  const { network, aws, registry, github, checkout, app } = parts;
  const cluster = await lab.progress.step('Kubernetes node', () =>
    startCluster(lab, toolbox, { network, registry, registryHosts: [aws.registryHost] }),
  );
  await prepareTenant(lab, cluster, parts);
  const repository = { url: github.cloneUrl, username: 'octocat', password: github.userToken };
  const [argocd, externalSecrets] = await Promise.all([
    lab.progress.step('Argo CD', async () => {
      await installArgoCD(toolbox, cluster, { repository, privateKey: app.privateKey });
      return startArgoCD(lab, toolbox, cluster);
    }),
    lab.progress.step('External Secrets', () =>
      startExternalSecrets(lab, toolbox, cluster, { endpoint: aws.endpoint, checkout }),
    ),
  ]);
  startReloader(lab, cluster);
  await applyPlatform(cluster, readPlatform(checkout));
  let applied: Promise<unknown> | undefined;
  github.onPush((payload) => {
    // an application of an empty repository would be an error that Argo CD remembers for a while
    applied ??= cluster.kubectl(['apply', '-k', join(checkout, 'argocd')]); // as a person does
    applied
      .then(() => argocd.webhook(payload))
      .catch((error) => lab.progress.say(`  ! Argo CD was not told of a push: ${String(error)}`));
  });
  return { cluster, argocd, externalSecrets };
}

/** Namespaces, their volumes, and the keys of the identities that Terraform made for them. */
async function prepareTenant(
  lab: Lab,
  cluster: Cluster,
  { aws, environments, checkout }: Pick<DeliveryParts, 'aws' | 'environments' | 'checkout'>,
): Promise<void> {
  const access = { host: aws.registryHost, credentials: await readPullCredentials(aws) };
  const projects = new Map<string, string>();
  for (const environment of environments.values()) {
    const project = readProject(checkout, environment);
    if (project !== undefined) projects.set(environment.namespace, project);
  }
  await prepareNamespaces(lab, cluster, environments, ({ namespace }) =>
    projects.has(namespace) ? undefined : access,
  );
  await lab.progress.step('Keys of the bot and the cluster', () => makeIdentities(aws, cluster, projects, lab.ending));
}

/** For a tenant without External Secrets, from ECR by GetAuthorizationToken, once. */
async function readPullCredentials(aws: Aws): Promise<RegistryCredentials> {
  const answer = await createEcrClient(aws.endpoint).send(new GetAuthorizationTokenCommand({}));
  const token = answer.authorizationData?.[0]?.authorizationToken ?? '';
  const [username = '', password = ''] = Buffer.from(token, 'base64').toString('utf8').split(':');
  return { username, password };
}
