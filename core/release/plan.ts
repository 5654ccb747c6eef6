import type { FileChange } from '#core/git/commit.ts';
import type { OverlayEdit } from '#core/overlay/edit.ts';
import { formatCommitMessage } from '#core/release/commit-message.ts';
import { type Batch, type Decided, decide } from '#core/release/decide.ts';
import { editHolds } from '#core/release/holds.ts';
import type { Intent } from '#core/release/intent.ts';
import { type ReadState, readState, type StatePorts } from '#core/release/read-state.ts';
import type { Release } from '#core/release/trailer.ts';
import { type ExpectedError, isExpected } from '#core/values/errors.ts';
import type { CommitSha } from '#core/values/reference.ts';

/** A proven change of one environment's overlay. */
export interface EnvironmentEdit extends OverlayEdit {
  readonly environment: string;
}

/** What the open intents come to at one head of the branch. */
export interface Plan {
  readonly decided: readonly Decided[];
  readonly releases: Batch['releases'];
  /** Each is proven by rendering. */
  readonly edits: readonly EnvironmentEdit[];
  /** All files of the commit; empty when nothing is to be written. */
  readonly files: readonly FileChange[];
}

/** Returns the message of the commit that a plan comes to. */
export function messageOf({ decided, releases }: Plan): string {
  const landed = decided.filter(({ outcome }) => outcome === 'landed');
  return formatCommitMessage(landed, releases);
}

/** Decides intents by the rules on the head's tree; prepares and proves what is to be written. */
export async function planAt(head: CommitSha, intents: readonly Intent[], ports: StatePorts): Promise<Plan> {
  const read = await readState(head, intents, ports);
  const refused: Decided[] = [];
  for (let open = intents; ; ) {
    const batch = await decideAll(read, open);
    try {
      const edits = await editOverlays(batch, read, head, ports);
      const files = [...edits.map(({ file }) => file), ...editHoldFiles(batch, read)];
      return { decided: [...batch.decided, ...refused], releases: batch.releases, edits, files };
    } catch (error) {
      if (!isExpected(error)) throw error;
      const faulty = await findFaulty(batch, read, head, ports, error as ExpectedError); // isExpected says so
      if (faulty.length === 0) throw error;
      refused.push(...faulty);
      open = open.filter((intent) => !faulty.some((one) => one.intent === intent));
    }
  }
}

/** Deciding asks for what it does not know yet, until it knows all. */
async function decideAll({ state, order, answer }: ReadState, intents: readonly Intent[]): Promise<Batch> {
  for (;;) {
    const batch = decide(state, intents, order);
    if (batch.questions.length === 0) return batch;
    await answer(batch.questions);
  }
}

async function editOverlays(
  { releases, decided }: Pick<Batch, 'releases' | 'decided'>,
  { overlays, state }: ReadState,
  head: CommitSha,
  { editor }: StatePorts,
): Promise<EnvironmentEdit[]> {
  const environments = [...new Set(releases.map(({ environment }) => environment))];
  const bold = decided.filter(({ intent }) => intent.kind === 'rollback' && intent.isUnchecked);
  const isUnchecked = ({ intent: id }: Release): boolean => bold.some(({ intent }) => intent.id === id);
  return Promise.all(
    environments.map(async (environment) => {
      const overlay = overlays.get(environment);
      if (overlay === undefined) throw new Error(`${environment} has a release and no overlay`);
      const own = releases.filter((release) => release.environment === environment);
      const wanted = new Map(own.map(({ image, to }) => [image, to]));
      const unchecked = new Set(own.filter(isUnchecked).map(({ image }) => image));
      return { environment, ...(await editor.edit(head, overlay, wanted, state.config.registry, unchecked)) };
    }),
  );
}

function editHoldFiles({ holds }: Batch, { holdFiles, state }: ReadState): FileChange[] {
  return [...holds].flatMap(([environment, change]): FileChange[] => {
    const file = holdFiles.get(environment);
    if (file === undefined) throw new Error(`${environment} has a hold and was not read`);
    const text = editHolds(file.path, file.text, { ...change, now: state.now });
    return text === file.text ? [] : [{ path: file.path, mode: '100644', content: Buffer.from(text, 'utf8') }];
  });
}

/** Returns the intents whose own change cannot be written, as refused: one that is faulty must not stop the others. */
async function findFaulty(
  batch: Batch,
  read: ReadState,
  head: CommitSha,
  ports: StatePorts,
  fault: ExpectedError,
): Promise<Decided[]> {
  const landing = batch.decided.filter(({ outcome }) => outcome === 'landed');
  const refuse = ({ intent }: Decided, refusal: ExpectedError): Decided => ({
    intent,
    outcome: 'refused',
    images: [],
    holds: [],
    refusal,
  });
  if (landing.length === 1) return landing.map((one) => refuse(one, fault));
  const faulty: Decided[] = [];
  for (const one of landing) {
    try {
      const alone = await decideAll(read, [one.intent]);
      await editOverlays(alone, read, head, ports);
      editHoldFiles(alone, read);
    } catch (error) {
      if (!isExpected(error)) throw error;
      faulty.push(refuse(one, error as ExpectedError)); // isExpected says so
    }
  }
  // each alone can be written and all together cannot: the newest waits for a commit of its own
  return faulty.length > 0 ? faulty : landing.slice(-1).map((one) => refuse(one, fault));
}
