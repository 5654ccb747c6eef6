import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';

/** A cluster of the stand-in's account. */
export interface OwnedCluster {
  readonly id: string;
  readonly name: string;
  readonly state?: string;
  /** What is answered where its kubeconfig is asked for. */
  readonly kubeconfig?: string;
}

/** The account that the stand-in has. */
export interface Account {
  clusters: readonly OwnedCluster[];
  readonly token: string;
  /** What the token may do. */
  scopes: readonly string[];
  /** Clusters on a page, whatever is asked for; so that a second page needs few. */
  pageSize?: number;
  /** Answers this instead, whatever is asked. */
  failure?: number;
}

/** What was asked, without the token. */
export interface DigitalOcean extends LoopbackServer {
  readonly asked: string[];
}

const described = z.object({
  path: z.string(),
  parameters: z.array(
    z.object({ in: z.enum(['query', 'path']), name: z.string(), schema: z.record(z.string(), z.unknown()) }),
  ),
  responses: z.record(z.string(), z.record(z.string(), z.record(z.string(), z.unknown()).nullable())),
  security: z.array(z.object({ bearer_auth: z.array(z.string()) })),
});
const published = z.object({ source: z.string(), operations: z.record(z.string(), described) });
type Operation = z.output<typeof described>;

const ERRORS: Readonly<Record<number, string>> = {
  401: 'Unable to authenticate you',
  403: 'You are not authorized to perform this operation',
  404: 'The resource you requested could not be found.',
  429: 'API Rate limit exceeded.',
  500: 'Server Error',
};

/**
 * Starts the part of DigitalOcean's API that finds a cluster and gives its kubeconfig. A request that its published
 * description does not have, and an answer of ours that does not fit it, are errors: openapi.json is the cut.
 */
export async function startDigitalOcean(account: Account): Promise<DigitalOcean> {
  const { operations } = published.parse(JSON.parse(readFileSync(join(import.meta.dirname, 'openapi.json'), 'utf8')));
  const ajv = new Ajv({ strict: false, coerceTypes: true });
  addFormats.default(ajv);
  ajv.addFormat('cidr', true);
  const asked: string[] = [];
  const server = await listen(async (request, response) => {
    const url = new URL(request.url ?? '/', 'http://do');
    asked.push(`${request.method} ${url.pathname}${url.search}`);
    const send = (operation: Operation | undefined, status: number, type: string, body: unknown): void => {
      const schema = operation?.responses[status]?.[type];
      if (schema && !ajv.validate(schema, body)) throw new Error(`not as described: ${ajv.errorsText()}`);
      response.writeHead(status, { 'content-type': type });
      response.end(type.endsWith('json') ? JSON.stringify(body) : String(body));
    };
    const operation = Object.values(operations).find(({ path }) => patternOf(path).test(url.pathname));
    const fail = (status: number): void =>
      send(operation, status, 'application/json', { id: String(status), message: ERRORS[status] ?? 'Error' });
    if (request.method !== 'GET' || operation === undefined) return fail(404);
    const fault = refuseQuery(ajv, operation, url);
    if (fault !== undefined) throw new Error(fault);
    if (account.failure !== undefined) return fail(account.failure);
    if (request.headers.authorization !== `Bearer ${account.token}`) return fail(401);
    if (!operation.security.every(({ bearer_auth }) => bearer_auth.every((scope) => account.scopes.includes(scope))))
      return fail(403);
    const id = patternOf(operation.path).exec(url.pathname)?.[1];
    if (id === undefined) return send(operation, 200, 'application/json', listPage(account, url));
    const kubeconfig = account.clusters.find((cluster) => cluster.id === id)?.kubeconfig;
    return kubeconfig === undefined ? fail(404) : send(operation, 200, 'application/yaml', kubeconfig);
  });
  return { ...server, asked };
}

function patternOf(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, '([^/]+)')}$`);
}

function refuseQuery(ajv: Ajv, { parameters }: Operation, url: URL): string | undefined {
  for (const [name, value] of url.searchParams) {
    const declared = parameters.find((parameter) => parameter.in === 'query' && parameter.name === name);
    if (declared === undefined) return `DigitalOcean's description has no parameter ${name}`;
    if (!ajv.validate({ type: 'object', properties: { value: declared.schema } }, { value }))
      return `${name}: ${ajv.errorsText()}`;
  }
  return undefined;
}

function listPage({ clusters, pageSize }: Account, url: URL): unknown {
  const size = pageSize ?? Number(url.searchParams.get('per_page') ?? 20);
  const page = Number(url.searchParams.get('page') ?? 1);
  const shown = clusters.slice((page - 1) * size, page * size);
  const next = new URL(url);
  next.searchParams.set('page', String(page + 1));
  return {
    kubernetes_clusters: shown.map(({ id, name, state = 'running' }) => ({
      ...{ id, name, region: 'tor1', version: '1.34.1-do.0', endpoint: `https://${id}.k8s.ondigitalocean.com` },
      status: { state },
    })),
    links: page * size < clusters.length ? { pages: { next: next.href } } : {},
    meta: { total: clusters.length },
  };
}
