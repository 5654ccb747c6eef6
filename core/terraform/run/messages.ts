import * as z from 'zod';

const position = z.object({ line: z.number() });

const diagnostic = z.object({
  severity: z.string(),
  summary: z.string(),
  detail: z.string().default(''),
  address: z.string().optional(),
  range: z.object({ filename: z.string(), start: position, end: position }).nullish(),
});

/** What Terraform reports: an error or a warning, with its place in the code where it has one. */
export type Diagnostic = z.output<typeof diagnostic>;

const hook = z.object({ resource: z.object({ addr: z.string() }), action: z.string().optional() });

/** A line of the machine-readable UI: what is read here. */
const message = z.object({
  type: z.string(),
  terraform: z.string().optional(),
  tofu: z.string().optional(),
  diagnostic: diagnostic.optional(),
  changes: z.object({ operation: z.string() }).optional(),
  hook: hook.optional(),
});

/** One message of `plan -json` and `apply -json`. */
export type Message = z.output<typeof message>;

/** One step of an apply, such as the `delete` of a replacement. */
export interface Step {
  readonly address: string;
  readonly action: string;
  readonly state: 'started' | 'complete' | 'errored';
}

/** What a run of the program said, from its messages. */
export interface Said {
  /** Its version; undefined where it did not say one, and so is not the program that is expected. */
  readonly version: string | undefined;
  readonly diagnostics: readonly Diagnostic[];
  /** The operation that came to its end: `plan`, `apply`, `destroy`. */
  readonly finished: string | undefined;
  readonly steps: readonly Step[];
}

/** Returns the message in a line; undefined for anything that is not one. */
export function parseMessage(line: string): Message | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return message.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** Returns what a run said, line by line. */
export function readMessages(binary: 'terraform' | 'tofu', text: string): Said {
  const messages = text.split('\n').flatMap((line) => parseMessage(line) ?? []);
  return {
    version: messages.find(({ type }) => type === 'version')?.[binary],
    diagnostics: messages.flatMap(({ diagnostic: one }) => one ?? []),
    finished: messages.flatMap(({ changes }) => changes?.operation ?? []).at(-1),
    steps: messages.flatMap((one) => readStep(one) ?? []),
  };
}

const STATES: Readonly<Record<string, Step['state']>> = {
  apply_start: 'started',
  apply_complete: 'complete',
  apply_errored: 'errored',
};

/** Returns the step that a message tells of; undefined for other messages. */
export function readStep({ type, hook: one }: Message): Step | undefined {
  const state = STATES[type];
  if (state === undefined || one === undefined) return undefined;
  return { address: one.resource.addr, action: one.action ?? '', state };
}
