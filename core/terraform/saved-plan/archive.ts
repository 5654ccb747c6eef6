import { inflateRawSync } from 'node:zlib';
import { identifyState, type StateIdentity } from '#core/terraform/run/cli.ts';
import { Refusal } from '#core/values/errors.ts';

const [END, ENTRY] = [0x06054b50, 0x02014b50];
const DEFLATED = 8;

/** Returns the state that a plan file of Terraform was made from. The file is a ZIP archive with the state in it. */
export function readPlannedState(plan: Buffer): StateIdentity {
  const state = readEntry(plan, 'tfstate');
  if (state === undefined)
    throw new Refusal('the plan file names no state: it was written by a Terraform or OpenTofu that is not supported');
  return identifyState(state.toString('utf8'));
}

/** Returns a file of a ZIP archive, found by its directory at the end (APPNOTE.TXT 4.3.12 and 4.3.16). */
function readEntry(zip: Buffer, name: string): Buffer | undefined {
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  if (end < 0 || zip.readUInt32LE(end) !== END) return undefined;
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0 && zip.readUInt32LE(at) === ENTRY; left--) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset));
    const found = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    if (found === name) return inflateEntry(zip, at);
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  return undefined;
}

function inflateEntry(zip: Buffer, at: number): Buffer {
  const [method, size, header] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20), zip.readUInt32LE(at + 42)];
  const start = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
  const bytes = zip.subarray(start, start + size);
  return method === DEFLATED ? inflateRawSync(bytes) : bytes;
}
