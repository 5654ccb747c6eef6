import * as z from 'zod';

const sha = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);

const binding = z.strictObject({
  version: z.literal(1),
  /** The stack's name in slipway.yaml. */
  stack: z.string(),
  /** The commit that was reviewed: the pull request's head. */
  head: sha,
  /** What head has in common with the branch that it goes to; empty where the checkout does not say. */
  mergeBase: z.union([sha, z.literal('')]),
  /** Git's object of the stack's folder, of each local module that it uses, and of what their code names, by path. */
  trees: z.record(z.string(), sha),
  state: z.strictObject({ lineage: z.string(), serial: z.int().nonnegative() }),
  /** SHA-256 of .terraform.lock.hcl; empty where there is none. */
  lockFile: z.string(),
  tool: z.strictObject({ binary: z.enum(['terraform', 'tofu']), version: z.string() }),
  /** The folder of every stack of slipway.yaml, by name. */
  stacks: z.record(z.string(), z.string()),
  plannedAt: z.iso.datetime(),
  isFromFork: z.boolean(),
  isRefreshed: z.boolean(),
  fingerprint: z.string(),
});

/** What a saved plan is a plan of: all of it must still be so when it is applied. */
export type Binding = Readonly<z.output<typeof binding>>;

/** A saved plan: the file that apply takes, what it does, and what it is bound to. */
export interface SavedPlan {
  readonly binding: Binding;
  /** What `show -json` says of the plan, secrets and all. */
  readonly json: string;
  readonly plan: Buffer;
}

/** Returns a saved plan as bytes: a line with its binding and the length of its JSON, then the JSON and the plan. */
export function packPlan({ binding: bound, json, plan }: SavedPlan): Buffer {
  const text = Buffer.from(json, 'utf8');
  const head = Buffer.from(`${JSON.stringify({ binding: bound, jsonBytes: text.length })}\n`, 'utf8');
  return Buffer.concat([head, text, plan]);
}

const packed = z.strictObject({ binding, jsonBytes: z.int().nonnegative() });

/** Returns the saved plan in bytes; undefined where they are not one of this version. */
export function unpackPlan(bytes: Buffer): SavedPlan | undefined {
  const end = bytes.indexOf(0x0a);
  const head = packed.safeParse(readJson(bytes.toString('utf8', 0, Math.max(0, end)))).data;
  if (head === undefined) return undefined;
  const middle = end + 1 + head.jsonBytes;
  return { binding: head.binding, json: bytes.toString('utf8', end + 1, middle), plan: bytes.subarray(middle) };
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
