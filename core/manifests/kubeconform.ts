import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import * as z from 'zod';
import type { KubeObject } from '#core/manifests/objects.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';

/** What a check of objects against their schemas says. */
export interface Checked {
  /** Objects without a finding are left out. */
  readonly findings: ReadonlyMap<KubeObject, readonly string[]>;
  /** Objects whose kinds have no schema. */
  readonly unknown: readonly KubeObject[];
}

/** Checks objects against their schemas. */
export type SchemaCheck = (objects: readonly KubeObject[]) => Promise<Checked>;

/** kubeconform's JSON (pkg/output/json.go). */
const answer = z.object({
  resources: z
    .array(
      z.object({
        filename: z.string(),
        status: z.string(),
        msg: z.string().default(''),
        validationErrors: z.array(z.object({ path: z.string(), msg: z.string() })).default([]),
      }),
    )
    .nullish(),
});

/** Returns a check by kubeconform: `program` runs it, `schemas` are its schema locations, its own where there are none. */
export function createKubeconform(
  program: string,
  schemas: readonly string[],
  { exec, folder }: { readonly exec: Exec; readonly folder: () => Promise<string> },
): SchemaCheck {
  return async (objects) => {
    if (objects.length === 0) return { findings: new Map(), unknown: [] };
    const target = await folder();
    await Promise.all(objects.map(({ text }, at) => writeFile(join(target, `${at}.yaml`), `${text}\n`)));
    const locations = schemas.flatMap((schema) => ['-schema-location', schema]);
    const argv = [
      program,
      '-strict',
      '-ignore-missing-schemas',
      '-verbose',
      '-output',
      'json',
      ...locations,
      target,
    ] as const;
    const { stdout } = await exec(argv, { accept: [0, 1] }).catch(refuse);
    const found = new Map<KubeObject, string[]>();
    const unknown: KubeObject[] = [];
    for (const { filename, status, msg, validationErrors } of parse(stdout.toString('utf8'))) {
      const object = objects[Number.parseInt(basename(filename), 10)];
      if (object === undefined || status === 'statusValid') continue;
      if (status === 'statusSkipped') {
        unknown.push(object);
        continue;
      }
      const findings = validationErrors.map((one) => `${one.path === '' ? 'the object' : one.path}: ${one.msg}`);
      found.set(object, [...(found.get(object) ?? []), ...(findings.length > 0 ? findings : [msg])]);
    }
    return { findings: found, unknown };
  };
}

function parse(text: string): NonNullable<z.output<typeof answer>['resources']> {
  try {
    return answer.parse(JSON.parse(text)).resources ?? [];
  } catch (cause) {
    throw new Refusal('kubeconform: its answer is not the JSON that version 0.7 prints; install that version', {
      cause,
    });
  }
}

function refuse(error: unknown): never {
  if (!(error instanceof CommandError)) throw error;
  throw new Refusal(
    `kubeconform cannot be run: give its path, or leave the input empty to go without it (${error.message})`,
  );
}
