import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { configSchema } from '#core/config/config.ts';
import { holdsSchema } from '#core/release/hold-schema.ts';

const root = join(import.meta.dirname, '..');

/** Returns the schemas as the code's own give them, by file: what an editor completes is what is accepted. */
export function renderSchemas(): Map<string, string> {
  return new Map([
    ['slipway.schema.json', render('slipway.yaml', configSchema)],
    ['holds.schema.json', render('holds.yaml', holdsSchema)],
  ]);
}

/** True when the committed files are the ones that the code gives. */
export function areSchemasCurrent(): boolean {
  return [...renderSchemas()].every(([file, text]) => readFileSync(join(root, file), 'utf8') === text);
}

function render(title: string, schema: z.ZodType): string {
  return `${JSON.stringify({ title, ...z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) }, null, 2)}\n`;
}

if (import.meta.main) {
  for (const [file, text] of renderSchemas()) writeFileSync(join(root, file), text);
}
