import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { findKustomizationFile } from '#core/overlay/kustomization/references.ts';
import type { Digest } from '#core/values/reference.ts';

/** The digest that stands in most fixtures, and the one that is wanted of them. */
export const OLD: Digest = `sha256:${'a'.repeat(64)}`;
export const NEW: Digest = `sha256:${'b'.repeat(64)}`;

const image = z.strictObject({ reference: z.string(), containers: z.int().default(1) });
const description = z.strictObject({
  /** Entries that get the wanted digest, what they render to and in how many containers. */
  images: z
    .record(z.string(), image)
    .default({ 'discord-bot': { reference: 'registry.example/discord-bot', containers: 1 } }),
  /** The most lines that may go and come, together. */
  lines: z.int().optional(),
  /** What stood in the digest's place, where it was no digest. */
  old: z.string().optional(),
});

/** One overlay of fixtures/valid; its case.json says what is not as in most. */
export interface OverlayCase extends z.infer<typeof description> {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
}

/** Returns the overlays of fixtures/valid in order. */
export function listOverlayCases(): OverlayCase[] {
  return listFolders('valid').map(({ name, folder }) => {
    const names = readdirSync(folder);
    const text = names.includes('case.json') ? readFileSync(join(folder, 'case.json'), 'utf8') : '{}';
    return {
      name,
      folder,
      file: join(folder, findKustomizationFile(names, folder)),
      ...description.parse(JSON.parse(text)),
    };
  });
}

/** Returns the folders below fixtures/`kind` in order. */
export function listFolders(kind: 'valid' | 'invalid'): { name: string; folder: string }[] {
  const root = join(import.meta.dirname, 'fixtures', kind);
  const names = readdirSync(root).sort();
  return names.map((name) => ({ name, folder: join(root, name) }));
}
