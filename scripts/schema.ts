import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { configSchema } from '#core/config/config.ts';

const file = join(import.meta.dirname, '..', 'slipway.schema.json');

/** Returns slipway.schema.json as the code's own schema gives it: what an editor completes is what is accepted. */
export function renderSchema(): string {
  const schema = z.toJSONSchema(configSchema, { target: 'draft-7', io: 'input' });
  return `${JSON.stringify({ title: 'slipway.yaml', ...schema }, null, 2)}\n`;
}

/** True when the committed file is the one that the code gives. */
export function isSchemaCurrent(): boolean {
  return readFileSync(file, 'utf8') === renderSchema();
}

if (import.meta.main) writeFileSync(file, renderSchema());
