import { createHash } from 'node:crypto';
import { parse } from 'yaml';
import * as z from 'zod';

const END = '#stacks';

const written = z.object({
  terraform: z.object({
    binary: z.string().default('terraform'),
    stacks: z.record(z.string(), z.object({ folder: z.string() })),
  }),
});

/** Names what the list of stacks in a slipway.yaml is, among the places that a plan is made from: `slipway.yaml#stacks`. */
export function nameStackList(config: string): string {
  return `${config}${END}`;
}

/** Returns the slipway.yaml of such a name; undefined for every other place. */
export function readStackList(place: string): string | undefined {
  return place.endsWith(END) ? place.slice(0, -END.length) : undefined;
}

/** Returns 40 hex digits for the stacks of a slipway.yaml, their folders and their program; others for another list. */
export function hashStackList(text: string): string {
  const list = readList(text);
  return createHash('sha1').update(list).digest('hex');
}

/** What cannot be read is as it is written: any change of it counts. */
function readList(text: string): string {
  try {
    const { terraform } = written.parse(parse(text));
    const stacks = Object.entries(terraform.stacks).map(([name, { folder }]) => [name, folder]);
    return JSON.stringify([terraform.binary, stacks.sort(([one = ''], [other = '']) => (one < other ? -1 : 1))]);
  } catch {
    return text;
  }
}
