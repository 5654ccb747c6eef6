import { startTenant, type Tenant } from '#tests/support/tenant.ts';
import { bump } from './bumps.ts';

/** A tenant whose repository a test writes itself. */
export interface Shop {
  readonly tenant: Tenant;
  /** Host of the registry. */
  readonly host: string;
  /** Commits files; `$HOST` in them is the registry's host. */
  write(files: Readonly<Record<string, string>>): void;
  /** Pushes a new build of each image and bumps them in one call; returns the outcome, or what the refusal says. */
  deploy(...images: readonly string[]): Promise<string>;
  /** What the runs find in their environment, besides the usual. */
  readonly env: Record<string, string>;
  /** The digests that {@link deploy} pushed last, by image. */
  readonly digests: ReadonlyMap<string, string>;
  readOverlay(environment?: string): string;
  close(): Promise<void>;
}

/** Opens a shop with a Deployment and nothing else; files are replaced by what a test writes. */
export async function openShop(files: Readonly<Record<string, string>>): Promise<Shop> {
  const tenant = await startTenant({ images: ['app'] });
  const { host } = tenant.registry;
  const digests = new Map<string, string>();
  const env: Record<string, string> = {};
  let builds = 0;
  const write = (more: Readonly<Record<string, string>>): void => {
    tenant.commit(
      Object.fromEntries(Object.entries(more).map(([path, text]) => [path, text.replaceAll('$HOST', host)])),
    );
  };
  write(files);
  return {
    tenant,
    host,
    write,
    digests,
    env,
    deploy: async (...images) => {
      for (const image of images) digests.set(image, tenant.push(image, `${image} ${++builds}`));
      const source = tenant.commit({ 'app/main.js': `// ${builds}\n` });
      const wanted = images.map((image) => `${image}=${digests.get(image)}`).join('\n');
      try {
        const { outcome } = await bump(
          tenant,
          { images: wanted, environment: 'production', 'source-sha': source },
          env,
        );
        return outcome;
      } catch (error) {
        if (error instanceof Error && error.name !== 'Error') return error.message;
        throw error;
      }
    },
    readOverlay: (environment) => tenant.readOverlay(environment),
    close: () => tenant.close(),
  };
}

/** Opens a shop with one Deployment of the image `app`, and what a test writes beside it or in its place. */
export function openPlainShop(files: Readonly<Record<string, string>>): Promise<Shop> {
  return openShop({
    'slipway.yaml': configOf({ app: '' }),
    'base/kustomization.yaml': 'resources: [app.yaml]\n',
    'base/app.yaml': deploymentOf('app', 'app'),
    'overlays/production/kustomization.yaml': overlayOf({ app: '$HOST/app' }),
    ...files,
  });
}

/** Returns slipway.yaml with images and environments as they are written, each as the inside of a flow mapping. */
export function configOf(
  images: Readonly<Record<string, string>>,
  environments: Readonly<Record<string, string>> = { production: '' },
): string {
  const list = (names: Readonly<Record<string, string>>, common: (name: string) => string): string[] =>
    Object.entries(names).map(([name, more]) => `  ${name}: {${[common(name), more].filter(Boolean).join(', ')}}`);
  return [
    'registry: {type: oci, host: "$HOST"}',
    'images:',
    ...list(images, () => 'template: docker/build.pkr.hcl, inputs: [app], keep: 5'),
    'environments:',
    ...list(environments, (name) => `overlay: overlays/${name}, deploys: on-push`),
    '',
  ].join('\n');
}

/** Returns a Deployment that runs an image, or several. */
export function deploymentOf(name: string, ...images: readonly string[]): string {
  const containers = images.map((image, index) => `{name: c${index}, image: "${image}"}`).join(', ');
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {app: ${name}}}
  template:
    metadata: {labels: {app: ${name}}}
    spec: {containers: [${containers}]}
`;
}

/** Returns an overlay with entries that were never released: name → newName. */
export function overlayOf(entries: Readonly<Record<string, string | undefined>>, more = ''): string {
  const lines = Object.entries(entries).flatMap(([name, newName]) => [
    `  - name: ${JSON.stringify(name)}`,
    ...(newName === undefined ? [] : [`    newName: ${newName}`]),
    `    digest: sha256:${'0'.repeat(64)}`,
  ]);
  return `resources: [../../base]\nimages:\n${lines.join('\n')}\n${more}`;
}
