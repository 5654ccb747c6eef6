import { inflateRawSync } from 'node:zlib';
import { Refusal } from '#core/values/errors.ts';

const [END, ENTRY] = [0x06054b50, 0x02014b50];
const DEFLATED = 8;

/**
 * Returns a file of a ZIP archive, found by its directory at the end (APPNOTE.TXT 4.3.12 and 4.3.16); undefined where
 * it has no such file, or is not an archive. Refuses a file of more than `most` bytes before it is unpacked. Nothing is
 * written to a disk, so that no name in an archive leads anywhere.
 */
export function readZipFile(zip: Buffer, name: string, most: number): Buffer | undefined {
  try {
    const at = findFile(zip, name);
    return at === undefined ? undefined : unpack(zip, at, name, most);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    return undefined; // an offset that leads out of it, or bytes that are not deflated
  }
}

function findFile(zip: Buffer, name: string): number | undefined {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || zip.readUInt32LE(end) !== END) return undefined;
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0 && zip.readUInt32LE(at) === ENTRY; left--) {
    const nameLength = zip.readUInt16LE(at + 28);
    if (zip.toString('utf8', at + 46, at + 46 + nameLength) === name) return at;
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return undefined;
}

function unpack(zip: Buffer, at: number, name: string, most: number): Buffer {
  const [size, header] = [zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)];
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const bytes = zip.subarray(start, start + size);
  const isDeflated = zip.readUInt16LE(at + 10) === DEFLATED;
  const refuse = (): Refusal => new Refusal(`${name} has more than ${most} bytes, which are not read`);
  if (!isDeflated && bytes.length > most) throw refuse();
  try {
    return isDeflated ? inflateRawSync(bytes, { maxOutputLength: most }) : bytes;
  } catch (error) {
    // the archive's own word for its size is not believed
    if (isObject(error) && error['code'] === 'ERR_BUFFER_TOO_LARGE') throw refuse();
    throw error;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
