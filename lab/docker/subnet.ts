import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** An IPv4 network: its address as an unsigned number and how many leading bits count. */
export interface Network {
  readonly address: number;
  readonly bits: number;
}

const PRIVATE_RANGES: readonly Network[] = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'].map(parseNetwork);

/** Returns `a.b.c.d/bits` as a network. */
export function parseNetwork(text: string): Network {
  const [address = '', bits = '32'] = text.split('/');
  return { address: parseAddress(address), bits: Number(bits) };
}

/** Returns `a.b.c.d` as an unsigned number. */
export function parseAddress(text: string): number {
  return text.split('.').reduce((number, byte) => number * 256 + Number(byte), 0);
}

/** Returns an unsigned number as `a.b.c.d`. */
export function formatAddress(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** True when two networks share an address. */
export function overlap(a: Network, b: Network): boolean {
  const size = 2 ** (32 - Math.min(a.bits, b.bits));
  return Math.floor(a.address / size) === Math.floor(b.address / size);
}

/** Returns a private /24 that overlaps none of `taken`, chosen at random so that two labs at once rarely meet. */
export function chooseNetwork(taken: readonly Network[], random: (limit: number) => number = randomInt): Network {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const range = PRIVATE_RANGES[random(PRIVATE_RANGES.length)];
    if (range === undefined) continue;
    const candidate = { address: range.address + random(2 ** (24 - range.bits)) * 256, bits: 24 };
    if (!taken.some((network) => overlap(network, candidate))) return candidate;
  }
  throw new Error('no private /24 network is free on this machine: its routes cover 10/8, 172.16/12 and 192.168/16');
}

/** Returns the networks that this machine has an address in or a route to, the default route left out. */
export function networksInUse(): Network[] {
  const own = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter((address) => address.family === 'IPv4' && address.cidr !== null)
    .map((address) => parseNetwork(address.cidr ?? ''));
  return [...own, ...parseRoutes(readFileSync('/proc/net/route', 'utf8'))];
}

/** Returns the destinations of Linux's /proc/net/route, whose numbers are little-endian hex, without the default. */
export function parseRoutes(table: string): Network[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'))
    .filter((fields) => fields.length > 7)
    .map((fields) => ({ address: swapped(fields[1]), bits: countBits(swapped(fields[7])) }))
    .filter((network) => network.bits > 0);
}

function swapped(hex = ''): number {
  return Buffer.from(hex.padStart(8, '0'), 'hex').readUInt32LE();
}

function countBits(mask: number): number {
  return mask.toString(2).replaceAll('0', '').length;
}
