import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PINS_FILE } from '#core/cluster/pins.ts';
import { parseReference } from '#core/registry/image-reference.ts';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import { systemClock } from '#core/system/clock.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand } from '../../command.ts';
import type { SlipwayPorts } from '../session.ts';
import { FOLDER } from './session.ts';
import { readPins } from './tenant.ts';

/** Asks the registries for the digest of each pinned image. */
export const pins = defineCommand({
  name: 'npm run -s slipway -- cluster pins',
  summary: `Writes the digest of each image into ${PINS_FILE}, as its registry answers now. Look at the difference, then commit it.`,
  options: FOLDER,
  example: '--repository ~/shop',
  exitCodes: ['every image has its digest', 'a registry does not answer or does not have an image', 'wrong usage'],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> => {
    const folder = screen.resolve(values.repository ?? '.');
    const read = await readPins(folder);
    const images: Record<string, string> = {};
    for (const [name, before] of Object.entries(read.images)) {
      const digest = await findDigest(name, screen);
      images[name] = digest;
      if (digest !== before) screen.tell(`${name}: ${before ?? 'none'} → ${digest}`);
    }
    await writeFile(join(folder, PINS_FILE), `${JSON.stringify({ ...read, images }, undefined, 2)}\n`);
    return { exitCode: 0, stdout: `git diff ${PINS_FILE}\n`, stderr: '' };
  },
});

async function findDigest(name: string, { environment }: SlipwayPorts): Promise<string> {
  const reference = parseReference(name);
  if (typeof reference === 'string' || reference.tag === undefined)
    throw new Refusal(`${PINS_FILE}: ${name} is not an image with a tag`);
  const registry = openOciRegistry(reference.domain, { environment, clock: systemClock, mask: () => {} });
  const digest = await registry.findDigest(reference.path, reference.tag);
  if (digest === undefined) throw new Refusal(`${reference.domain} does not have ${name}`);
  return digest;
}
