import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Something that was written somewhere, and where. */
export interface Writing {
  readonly where: string;
  readonly text: string;
}

/** Returns `count` words that occur nowhere else. */
export function makeCanaries(count: number): string[] {
  return Array.from(
    { length: count },
    (_, at) => `canary${String(at).padStart(2, '0')}${crypto.randomUUID().replaceAll('-', '').slice(0, 20)}`,
  );
}

/** Returns where each canary occurs, as it is or inside of base64 at any offset. */
export function findCanaries(canaries: readonly string[], writings: readonly Writing[]): string[] {
  return canaries.flatMap((canary) => {
    const forms = formsOf(canary);
    return writings
      .filter(({ text }) => forms.some((form) => text.includes(form)))
      .map(({ where }) => `${canary} in ${where}`);
  });
}

/** base64 of the word after no, one or two other bytes, without the characters that its neighbours decide. */
function formsOf(word: string): string[] {
  const shifted = [0, 1, 2].map((before) => {
    const encoded = Buffer.from(`${'x'.repeat(before)}${word}`)
      .toString('base64')
      .replace(/=+$/, '');
    return encoded.slice(before === 0 ? 0 : before + 1, -2);
  });
  return [word, ...shifted];
}

/** Returns every log of a folder. */
export function readLogs(folder: string): Writing[] {
  return readdirSync(folder).map((name) => ({
    where: `the log ${name}`,
    text: readFileSync(join(folder, name), 'utf8'),
  }));
}

/** Returns every value of a Redis; Argo CD packs its own. */
export async function readRedis(port: number): Promise<Writing[]> {
  const keys = (await command(port, ['KEYS', '*'])).map(String);
  return Promise.all(
    keys.map(async (key) => {
      const [value] = await command(port, ['GET', key]);
      const bytes = value ?? Buffer.alloc(0);
      const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
      return { where: `Argo CD's cache, ${key}`, text: (isPacked ? gunzipSync(bytes) : bytes).toString('utf8') };
    }),
  );
}

/** Sends one command and returns the strings of its answer: https://redis.io/docs/latest/develop/reference/protocol-spec/ */
function command(port: number, words: readonly string[]): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const strings = parse(Buffer.concat(chunks));
      if (strings === undefined) return;
      socket.end();
      resolve(strings);
    });
    socket.once('error', reject);
    socket.write(`*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`);
  });
}

/** Returns the strings of a whole answer; undefined while it is not whole. */
function parse(bytes: Buffer): Buffer[] | undefined {
  const strings: Buffer[] = [];
  let [at, left] = [0, 1];
  while (left > 0) {
    const end = bytes.indexOf('\r\n', at);
    if (end === -1) return undefined;
    const [kind, size] = [String.fromCharCode(bytes[at] ?? 0), Number(bytes.subarray(at + 1, end).toString())];
    at = end + 2;
    left--;
    if (kind === '*') left += size;
    else if (kind === '$' && size >= 0) {
      if (bytes.length < at + size + 2) return undefined;
      strings.push(bytes.subarray(at, at + size));
      at += size + 2;
    }
  }
  return strings;
}
