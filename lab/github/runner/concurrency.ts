/** How waiting for a group ended. */
export type Turn =
  | { readonly isAcquired: true }
  /** Why GitHub took it out of the queue; empty where a person cancelled it. */
  | { readonly isAcquired: false; readonly reasons: readonly string[] };

/** A run's or job's slot in a concurrency group. */
export interface Slot {
  /** True where the group was not free when it was asked for. */
  readonly isPending: boolean;
  /** Resolves when its turn has come, or when it was cancelled while it waited. */
  readonly turn: Promise<Turn>;
  /** Gives the group to the next in line. */
  release(): void;
  /** Stops waiting; what runs already goes on. */
  cancel(): void;
}

/** How a workflow asks for its group. */
export interface ConcurrencyRequest {
  /** Letter case makes no difference. */
  readonly group: string;
  /** `max`: all wait in their order, at most 100. Otherwise one waits, and a newer one takes its place. */
  readonly queue: 'single' | 'max';
}

/** Asks for a group; `name` is what those are told who have to make room. */
export type Enter = (request: ConcurrencyRequest, name: string) => Slot;

const QUEUE_LIMIT = 100;

interface Waiting {
  readonly answer: (turn: Turn) => void;
}

interface Group {
  isRunning: boolean;
  readonly waiting: Waiting[];
}

/**
 * Concurrency groups as GitHub keeps them: one runs; without a queue one waits, and a newer one cancels it; in a full
 * queue the newcomer is cancelled.
 * https://docs.github.com/en/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency
 */
export function createConcurrency(): { enter: Enter } {
  const groups = new Map<string, Group>();
  return {
    enter: (request, name) => {
      const key = request.group.toLowerCase();
      const group = groups.get(key) ?? { isRunning: false, waiting: [] };
      groups.set(key, group);
      if (!group.isRunning) {
        group.isRunning = true;
        const turn = Promise.resolve<Turn>({ isAcquired: true });
        return { isPending: false, turn, release: () => passOn(group), cancel: () => {} };
      }
      if (request.queue === 'single')
        for (const older of group.waiting.splice(0))
          older.answer(cancelled(...explainReplacement(request.group, name)));
      if (group.waiting.length >= QUEUE_LIMIT) {
        const turn = Promise.resolve(cancelled(`${QUEUE_LIMIT} wait for ${request.group} already: its queue is full`));
        return { isPending: false, turn, release: () => {}, cancel: () => {} };
      }
      return waitIn(group);
    },
  };
}

function passOn(group: Group): void {
  const next = group.waiting.shift();
  if (next === undefined) group.isRunning = false;
  else next.answer({ isAcquired: true });
}

function waitIn(group: Group): Slot {
  const { promise: turn, resolve: answer } = Promise.withResolvers<Turn>();
  const waiting = { answer };
  group.waiting.push(waiting);
  const cancel = (): void => {
    const index = group.waiting.indexOf(waiting);
    if (index === -1) return;
    group.waiting.splice(index, 1);
    answer(cancelled());
  };
  return { isPending: true, turn, release: () => passOn(group), cancel };
}

function cancelled(...reasons: string[]): Turn {
  return { isAcquired: false, reasons };
}

/** The first line is GitHub's. GitHub does not name the one that took the place; the second line does. */
function explainReplacement(group: string, name: string): string[] {
  return [
    `Canceling since a higher priority waiting request for ${group} exists`,
    `Its place in the queue went to ${name}`,
  ];
}
