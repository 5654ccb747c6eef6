import { readFileSync } from 'node:fs';
import { Agent, get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure, Agent as SecureAgent } from 'node:https';
import { rootCertificates } from 'node:tls';
import { z } from 'zod';
import type { Exec } from '#core/system/exec.ts';

/** What came back from the registry that npm is configured with. */
export interface UpstreamAnswer {
  readonly status: number;
  readonly body: Buffer;
}

/** The registry that this machine's npm is configured with. */
export interface Upstream {
  /** Fetches a package's document, the abbreviated one that installs need. */
  fetchPackument(name: string): Promise<UpstreamAnswer>;
  fetchUrl(url: string): Promise<UpstreamAnswer>;
}

const npmSettings = z.object({
  registry: z.url(),
  cafile: z.string().nullish(),
});

/** `application/vnd.npm.install-v1+json`: https://github.com/npm/registry/blob/main/docs/responses/package-metadata.md */
const ABBREVIATED = 'application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8';
const REDIRECTS = 5;
const SILENCE_MS = 30_000;

/** Asks npm for its registry and certificates once, when the first package is fetched: npm takes a third of a second. */
export function createUpstream(exec: Exec): Upstream {
  let settings: Promise<{ registry: string; agent: Agent; secureAgent: SecureAgent }> | undefined;
  const ask = () => {
    settings ??= readSettings(exec);
    return settings;
  };
  const fetchUrl = async (url: string, accept = '*/*') => {
    const { agent, secureAgent } = await ask();
    return follow(url, accept, agent, secureAgent);
  };
  return {
    fetchUrl: (url) => fetchUrl(url),
    fetchPackument: async (name) => {
      const { registry } = await ask();
      return fetchUrl(new URL(name.replace('/', '%2f'), registry).href, ABBREVIATED);
    },
  };
}

async function readSettings(exec: Exec) {
  const { stdout } = await exec(['npm', 'config', 'list', '--json'], { timeoutMs: 30_000 });
  const { registry, cafile } = npmSettings.parse(JSON.parse(stdout.toString('utf8')));
  const own = [cafile, process.env['NODE_EXTRA_CA_CERTS']].filter((path) => typeof path === 'string' && path !== '');
  const certificates = own.map((path) => readFileSync(String(path), 'utf8'));
  const options = { keepAlive: true, maxSockets: 12, proxyEnv: process.env };
  return {
    registry: registry.endsWith('/') ? registry : `${registry}/`,
    agent: new Agent(options),
    secureAgent: new SecureAgent({ ...options, ca: [...rootCertificates, ...certificates] }),
  };
}

async function follow(url: string, accept: string, agent: Agent, secureAgent: SecureAgent): Promise<UpstreamAnswer> {
  let target = new URL(url);
  for (let hop = 0; hop <= REDIRECTS; hop++) {
    const answer = await open(target, accept, target.protocol === 'https:' ? secureAgent : agent);
    const { location } = answer.headers;
    if (location === undefined) return { status: answer.statusCode ?? 0, body: await readAll(answer) };
    answer.resume();
    target = new URL(location, target);
  }
  throw new Error(`${url} redirects more than ${REDIRECTS} times`);
}

function open(url: URL, accept: string, agent: Agent | SecureAgent): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const get = url.protocol === 'https:' ? getSecure : getPlain;
    const call = get(url, { agent, headers: { accept }, timeout: SILENCE_MS }, resolve);
    call.once('timeout', () => call.destroy(new Error(`${url.host} was silent for ${SILENCE_MS / 1000} s`)));
    call.once('error', reject);
  });
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
