import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

/** What pods reach in the lab besides what the base opens, as URLs by address: `https://10.1.2.1:6443`. */
export interface Reach {
  /** Where packets to the API server end. */
  readonly apiServer: string;
  /** What the lab has in place of public services: the bot's AWS. */
  readonly bot: readonly string[];
}

const SANDBOX_POLICY = 'dev-sandbox-reach';

/**
 * Writes the lab's addresses into an overlay's reach.yaml, by the list that any overlay has: the API server's in place
 * of the one that is there, and a policy for what the bot needs of the lab, whose AWS has a private address.
 */
export function writeReach(overlay: string, { apiServer, bot }: Reach): void {
  const file = join(overlay, 'reach.yaml');
  if (!existsSync(file)) return; // a tenant without walls
  const [first, ...others] = parseAllDocuments(readFileSync(file, 'utf8'));
  const policies = first === undefined ? [] : [first, ...others];
  const sandbox = policies.find((document) => document.getIn(['metadata', 'name']) === SANDBOX_POLICY);
  sandbox?.setIn(['spec', 'egress', 0], sandbox.createNode(openTo(apiServer)));
  const texts = policies.map((document) => document.toString({ lineWidth: 0 }));
  if (bot.length > 0) texts.push(JSON.stringify(describeBotPolicy(bot)), '');
  writeFileSync(file, texts.join('---\n').replace(/---\n$/, ''));
}

function describeBotPolicy(urls: readonly string[]): object {
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'discord-bot-reach' },
    spec: {
      podSelector: { matchLabels: { 'app.kubernetes.io/name': 'discord-bot' } },
      policyTypes: ['Egress'],
      egress: urls.map(openTo),
    },
  };
}

function openTo(url: string): object {
  const { hostname, port, protocol } = new URL(url);
  const standard = protocol === 'https:' ? 443 : 80;
  return {
    to: [{ ipBlock: { cidr: `${hostname}/32` } }],
    ports: [{ protocol: 'TCP', port: port === '' ? standard : Number(port) }],
  };
}
