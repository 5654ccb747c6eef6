import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { labHome } from '#lab/supervisor/root.ts';

/**
 * Writes the JSON Schemas that kubeconform checks the manifests with, strict (nothing that the API does not know), from
 * the OpenAPI description in the Kubernetes module that the lab builds and from the custom resources of Argo CD and External
 * Secrets.
 * Run by hand after a new version: `node scripts/manifest-schemas.ts`.
 */
const VERSION = '1.34.4';
const KINDS: readonly [string, string][] = [
  ['io.k8s.api.apps.v1.Deployment', 'deployment-apps-v1'],
  ['io.k8s.api.core.v1.ConfigMap', 'configmap-v1'],
  ['io.k8s.api.core.v1.Namespace', 'namespace-v1'],
  ['io.k8s.api.core.v1.PersistentVolumeClaim', 'persistentvolumeclaim-v1'],
  ['io.k8s.api.core.v1.Service', 'service-v1'],
  ['io.k8s.api.core.v1.ServiceAccount', 'serviceaccount-v1'],
  ['io.k8s.api.core.v1.LimitRange', 'limitrange-v1'],
  ['io.k8s.api.core.v1.ResourceQuota', 'resourcequota-v1'],
  ['io.k8s.api.networking.v1.NetworkPolicy', 'networkpolicy-networking-v1'],
  ['io.k8s.api.rbac.v1.ClusterRole', 'clusterrole-rbac-v1'],
  ['io.k8s.api.rbac.v1.RoleBinding', 'rolebinding-rbac-v1'],
];

type Schema = Record<string, unknown>;

const cache = execFileSync('go', ['env', 'GOMODCACHE'], { encoding: 'utf8' }).trim();
const swagger = z
  .looseObject({ definitions: z.record(z.string(), z.record(z.string(), z.unknown())) })
  .parse(JSON.parse(readFileSync(join(cache, `k8s.io/kubernetes@v${VERSION}/api/openapi-spec/swagger.json`), 'utf8')));

/** Follows references into one schema of its own, and closes every object that has properties. */
function resolve(schema: Schema): Schema {
  const reference = schema['$ref'];
  if (typeof reference === 'string')
    return resolve(special(reference) ?? swagger.definitions[reference.replace('#/definitions/', '')] ?? {});
  const { description: _text, properties, items, additionalProperties, ...rest } = schema;
  const group = Object.keys(rest).filter((key) => key.startsWith('x-kubernetes'));
  for (const key of group) delete rest[key];
  return {
    ...rest,
    ...(isSchema(properties) ? { properties: mapSchemas(properties), additionalProperties: false } : {}),
    ...(isSchema(items) ? { items: resolve(items) } : {}),
    ...(isSchema(additionalProperties) ? { additionalProperties: resolve(additionalProperties) } : {}),
  };
}

/** Types whose JSON form is not that of their definition. */
function special(reference: string): Schema | undefined {
  if (reference.endsWith('.IntOrString')) return { oneOf: [{ type: 'string' }, { type: 'integer' }] };
  if (reference.endsWith('.Quantity')) return { oneOf: [{ type: 'string' }, { type: 'number' }] };
  return undefined;
}

function mapSchemas(properties: Schema): Schema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, isSchema(value) ? resolve(value) : value]),
  );
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function write(name: string, schema: Schema): void {
  writeFileSync(join(import.meta.dirname, '../schemas', `${name}.json`), `${JSON.stringify(schema)}\n`);
}

for (const [definition, name] of KINDS) write(name, resolve({ $ref: `#/definitions/${definition}` }));

const tools = join(labHome, 'tools');
const argocd = readdirSync(tools).find((name) => name.startsWith('argocd-')) ?? '';
const crd = z.looseObject({
  spec: z.looseObject({
    versions: z.array(z.looseObject({ schema: z.looseObject({ openAPIV3Schema: z.record(z.string(), z.unknown()) }) })),
  }),
});
const metadata = { type: 'object' };

/** Writes the schema of a custom resource's first version; its metadata is not closed. */
function writeCustom(file: string, name: string, narrow: (schema: Schema) => Schema = (schema) => schema): void {
  const schema = crd.parse(parse(readFileSync(file, 'utf8'))).spec.versions[0]?.schema.openAPIV3Schema ?? {};
  const closed = narrow(resolve(schema));
  write(name, { ...closed, properties: { ...propertiesOf(closed), metadata } });
}

function propertiesOf({ properties }: Schema): Schema {
  return isSchema(properties) ? properties : {};
}

/** Of forty providers, the one that is used. */
function keepAws(schema: Schema): Schema {
  const spec = propertiesOf(schema)['spec'];
  const provider = isSchema(spec) ? propertiesOf(spec)['provider'] : undefined;
  if (isSchema(provider)) provider['properties'] = { aws: propertiesOf(provider)['aws'] };
  return schema;
}

for (const kind of ['application', 'appproject'])
  writeCustom(join(tools, argocd, 'files/argocd/manifests/crds', `${kind}-crd.yaml`), `${kind}-argoproj.io-v1alpha1`);

const operator = readdirSync(tools).find((name) => /^external-secrets-[\d.]+-\w+$/.test(name)) ?? '';
for (const [group, plural, name] of [
  ['external-secrets.io', 'externalsecrets', 'externalsecret-external-secrets.io-v1'],
  ['external-secrets.io', 'secretstores', 'secretstore-external-secrets.io-v1'],
  [
    'generators.external-secrets.io',
    'ecrauthorizationtokens',
    'ecrauthorizationtoken-generators.external-secrets.io-v1alpha1',
  ],
] as const)
  writeCustom(join(tools, operator, 'files/external-secrets/crds', `${group}_${plural}.yaml`), name, keepAws);
