import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { z } from 'zod';
import type { Stack } from '#lab/terraform/stack.ts';

const changes = z.looseObject({
  resource_changes: z.array(
    z.looseObject({
      address: z.string(),
      change: z.looseObject({ actions: z.array(z.string()), before: z.unknown(), after: z.unknown() }),
    }),
  ),
});
const redrive = z.looseObject({ redrive_policy: z.string() });

/** Plans a stack that is applied, and expects nothing but moto's white space. */
export async function expectNoChanges(stack: Stack): Promise<void> {
  const { resource_changes } = changes.parse(await stack.planJson());
  for (const { address, change } of resource_changes.filter((resource) => resource.change.actions.join() !== 'no-op')) {
    expect(address).toMatch(/aws_sqs_queue\.source/); // moto rewrites the redrive policy's JSON, with spaces
    const [before, after] = [redrive.parse(change.before), redrive.parse(change.after)];
    expect(JSON.parse(before.redrive_policy)).toEqual(JSON.parse(after.redrive_policy));
    expect({ ...before, redrive_policy: '' }).toEqual({ ...after, redrive_policy: '' });
  }
}

/** Takes prevent_destroy out of a copy of the code, as the teardown runbook does. */
export function allowDestroy(folder: string): void {
  for (const file of listCode(join(folder, '..')))
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('prevent_destroy = true', 'prevent_destroy = false'));
}

function listCode(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.tf') && !path.includes('.terraform/'))
    .map((path) => join(folder, path));
}
