import { parse } from 'yaml';
import * as z from 'zod';
import { describeError, quote, Refusal } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';

/** Asks over HTTP; what was answered is read by its status and text alone. */
export type Ask = (
  url: string,
  init: { headers: Record<string, string>; redirect: 'error'; signal: AbortSignal },
) => Promise<{ readonly ok: boolean; readonly status: number; text(): Promise<string> }>;

/** How DigitalOcean's API is asked. */
export interface DigitalOceanPorts {
  readonly ask: Ask;
  /** `https://api.digitalocean.com` unless a test stands in. */
  readonly url: string;
  /** Goes into the header of the request, and nowhere else. */
  readonly token: string;
}

/** How long the credentials of a kubeconfig are valid: longer than connecting takes, in seconds. */
const EXPIRY_SECONDS = 1800;

const PAGE = 200;
/** No account has so many: an answer that always names a next page is damaged. */
const MOST_PAGES = 50;
const TIMEOUT_MS = 30_000;

const clusterPage = z.looseObject({
  kubernetes_clusters: z
    .array(
      z.looseObject({
        id: z.uuid(),
        name: z.string(),
        region: z.string().default(''),
        status: z.looseObject({ state: z.string() }).optional(),
      }),
    )
    .default([]),
  links: z.looseObject({ pages: z.looseObject({ next: z.string().optional() }).optional() }).optional(),
});

type FoundCluster = z.output<typeof clusterPage>['kubernetes_clusters'][number];

/** Returns a kubeconfig, valid for {@link EXPIRY_SECONDS}, of the account's cluster of this name. */
export async function fetchKubeconfig(name: string, ports: DigitalOceanPorts): Promise<string> {
  if (!/^[!-~]+$/.test(ports.token))
    throw new Refusal(
      'DO_TOKEN holds a space, a line break or another character that no token has: copy the token again and export it',
    );
  const found = findCluster(name, await listClusters(ports));
  const state = found.status?.state ?? 'running';
  if (!['running', 'degraded', 'upgrading'].includes(state))
    throw new Refusal(`the cluster ${quote(name)} is ${quote(state)} at DigitalOcean: wait until it runs, then repeat`);
  const query = `expiry_seconds=${EXPIRY_SECONDS}&type=token`;
  const answer = await ask(
    `/v2/kubernetes/clusters/${found.id}/kubeconfig?${query}`,
    ports,
    'kubernetes:access_cluster',
  );
  return checkKubeconfig(answer);
}

function findCluster(name: string, clusters: readonly FoundCluster[]): FoundCluster {
  const [found, ...others] = clusters.filter((cluster) => cluster.name === name);
  if (found === undefined) {
    const names = clusters.map((cluster) => cluster.name);
    if (names.length === 0)
      throw new Refusal(`DigitalOcean shows this token no cluster: is it of the account that has ${quote(name)}?`);
    throw new Refusal(`DigitalOcean has no cluster ${quote(name)}${suggestName(name, names)}`);
  }
  if (others.length === 0) return found;
  const each = [found, ...others].map(({ id, region }) => `${id} in ${quote(region)}`);
  throw new Refusal(
    `DigitalOcean has ${each.length} clusters ${quote(name)}: ${each.join(', ')}. Rename all but one, or pass the kubeconfig of the one you mean with --kubeconfig`,
  );
}

async function listClusters(ports: DigitalOceanPorts): Promise<FoundCluster[]> {
  const all: FoundCluster[] = [];
  for (let page = 1; page <= MOST_PAGES; page++) {
    const text = await ask(`/v2/kubernetes/clusters?per_page=${PAGE}&page=${page}`, ports, 'kubernetes:read');
    const read = clusterPage.safeParse(parseJson(text));
    if (read.data === undefined) break;
    all.push(...read.data.kubernetes_clusters);
    if (read.data.links?.pages?.next === undefined) return all;
  }
  throw new Refusal(
    'DigitalOcean answers with something that is not a list of clusters: repeat; if it stays so, download the kubeconfig yourself and pass it with --kubeconfig',
  );
}

async function ask(path: string, { ask: send, url, token }: DigitalOceanPorts, scope: string): Promise<string> {
  const headers = { authorization: `Bearer ${token}`, accept: '*/*' };
  let answer: Awaited<ReturnType<Ask>>;
  try {
    answer = await send(`${url}${path}`, { headers, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw new Refusal(`DigitalOcean does not answer at ${url}: ${describeError(error)}`, { cause: error });
  }
  const text = await answer.text().catch((error: unknown) => {
    throw new Refusal(`DigitalOcean's answer from ${url} broke off (${describeError(error)}): repeat`, {
      cause: error,
    });
  });
  if (answer.ok) return text;
  throw new Refusal(REFUSALS[answer.status]?.(scope) ?? `DigitalOcean answers ${answer.status}: try again later`);
}

const REFUSALS: Readonly<Record<number, (scope: string) => string>> = {
  401: () => 'DigitalOcean does not know the token in DO_TOKEN: it is wrong, expired or revoked',
  403: (scope) => `the token in DO_TOKEN lacks the scope ${scope}: add it at DigitalOcean, or use another token`,
  404: () => 'the cluster was removed at DigitalOcean a moment ago',
  429: () => 'DigitalOcean answers that this token asked too often: wait an hour, or use another token',
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

const kubeconfig = z.looseObject({
  clusters: z
    .array(
      z.looseObject({
        cluster: z.strictObject({ server: z.url({ protocol: /^https$/ }), 'certificate-authority-data': z.string() }),
      }),
    )
    .length(1),
  users: z.array(z.looseObject({ user: z.strictObject({ token: z.string().min(1) }) })).length(1),
});

/** kubectl runs programs and reads files that a kubeconfig names: one from outside may hold a token alone. */
function checkKubeconfig(text: string): string {
  let value: unknown;
  try {
    value = parse(text);
  } catch {
    value = undefined;
  }
  if (kubeconfig.safeParse(value).success) return text;
  throw new Refusal(
    'DigitalOcean sent a kubeconfig that holds something else than an https address, its certificate and a token. It is not used: download it yourself, look at it, and pass it with --kubeconfig',
  );
}
