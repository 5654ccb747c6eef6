import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const mutant = z.strictObject({
  /** What is protected, as a short sentence. */
  name: z.string().min(1),
  /** The file that is changed. */
  file: z.string().min(1),
  /** Occurs exactly once in the file. */
  find: z.string().min(1),
  replace: z.string(),
  /** The test file that fails with the change. */
  test: z.string().regex(/\.test\.ts$/),
});

/** A protection taken out by hand, and the test that must fail without it. */
export type Mutant = z.output<typeof mutant>;

/** Returns the mutants of all lists in a folder, `*.json`. */
export function listMutants(folder: string): Mutant[] {
  const lists = readdirSync(folder).filter((name) => name.endsWith('.json'));
  return lists.sort().flatMap((name) => z.array(mutant).parse(JSON.parse(readFileSync(join(folder, name), 'utf8'))));
}

/** Returns a file's text with the protection taken out; refuses a mutant whose place is gone or not the only one. */
export function mutate(text: string, { name, file, find, replace }: Mutant): string {
  const places = text.split(find).length - 1;
  if (places !== 1) throw new Error(`${name}: ${file} has the text to replace ${places} times, it must be once`);
  return text.split(find).join(replace);
}
