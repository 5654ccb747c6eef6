/** From where a packet starts: pods of staging, one beside them without any label that a policy knows, one elsewhere. */
export const SOURCES = ['sandbox', 'bot', 'neighbour', 'stranger'] as const;
export type Source = (typeof SOURCES)[number];

/** Policies that are taken out together. Kubernetes adds policies up: a pod that two of them isolate needs both gone. */
export const REMOVALS = {
  'deny-all': ['deny-all'],
  'dev-sandbox': ['dev-sandbox'],
  'dev-sandbox-reach': ['dev-sandbox-reach'],
  'discord-bot': ['discord-bot'],
  'all that isolate the bot': ['deny-all', 'discord-bot', 'discord-bot-reach'],
  'all that isolate the sandbox': ['deny-all', 'dev-sandbox', 'dev-sandbox-reach'],
} as const;
export type Removal = keyof typeof REMOVALS;

/** A line of the table: what one packet meets. Without policies every row is open. */
export interface Row {
  readonly from: Source;
  /** A name of the targets, then the port; `/udp` where it is not TCP. */
  readonly to: string;
  readonly after: 'open' | 'closed';
  /** Each turns the row over; none where both ends are closed by policies of their own. */
  readonly by: readonly Removal[];
}

const rows =
  (after: Row['after']) =>
  (from: Source, by: readonly Removal[], ...targets: string[]): Row[] =>
    targets.map((to) => ({ from, to, after, by }));
const open = rows('open');
const closed = rows('closed');

const BOT: readonly Removal[] = ['all that isolate the bot'];
const SANDBOX: readonly Removal[] = ['all that isolate the sandbox'];
const DENY: readonly Removal[] = ['deny-all', ...BOT, ...SANDBOX];

/** Who reaches what. docs/walls.md says the same in words. */
export const TABLE: readonly Row[] = [
  ...open('sandbox', ['dev-sandbox'], 'DNS:53/udp', 'DNS:53', 'DNS by its service:53/udp'),
  ...open('sandbox', ['dev-sandbox-reach'], 'API server:6443', 'API server by its service:443', 'listed:443'),
  ...closed('sandbox', SANDBOX, 'listed:8443', 'public:443', 'public:53/udp', 'metadata:80', 'kubelet:10250'),
  ...closed('sandbox', SANDBOX, 'node:443', 'node:9000/udp', 'shared range:443', 'bot:3000', 'bot by its service:80'),
  ...closed('sandbox', SANDBOX, 'bot:9000/udp', 'neighbour:9000', 'stranger:9000', 'DNS:8080'),
  ...open('bot', ['discord-bot'], 'DNS:53/udp', 'DNS:53', 'public:443', 'listed:443'),
  ...open('bot', ['discord-bot', 'dev-sandbox'], 'sandbox:8080'),
  ...closed('bot', BOT, 'public:80', 'public:443/udp', 'metadata:80', 'metadata:443', 'kubelet:10250', 'node:443'),
  ...closed('bot', BOT, 'shared range:443', 'API server:6443', 'API server by its service:443', 'neighbour:9000'),
  ...closed('bot', BOT, 'stranger:9000', 'DNS:8080'),
  ...closed('bot', [], 'sandbox:9000'),
  ...closed('neighbour', DENY, 'public:443', 'DNS:53/udp', 'API server:6443', 'stranger:9000'),
  ...closed('stranger', DENY, 'bot:3000', 'bot:9000/udp', 'neighbour:9000'),
  ...closed('stranger', SANDBOX, 'sandbox:8080', 'sandbox:9000'),
];

/** What a row is called in messages. */
export function nameOf({ from, to }: Pick<Row, 'from' | 'to'>): string {
  return `${from} → ${to}`;
}
