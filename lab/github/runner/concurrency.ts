/** A run's or job's slot in a concurrency group. */
export interface Slot {
  /** Resolves when its turn has come; false when it was cancelled while it waited. */
  readonly acquired: Promise<boolean>;
  /** Gives the group to the next in line. */
  release(): void;
  /** Stops waiting; what runs already goes on. */
  cancel(): void;
}

/** How a workflow asks for its group. */
export interface ConcurrencyRequest {
  readonly group: string;
  /** `max`: all wait in their order, at most 100. Otherwise one waits, and a newer one takes its place. */
  readonly queue: 'single' | 'max';
}

const QUEUE_LIMIT = 100;

interface Waiting {
  readonly answer: (isAcquired: boolean) => void;
}

/**
 * Concurrency groups as GitHub keeps them: one runs; without a queue one waits, and a newer one cancels it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency
 */
export function createConcurrency(): { enter(request: ConcurrencyRequest): Slot } {
  const groups = new Map<string, { running: boolean; waiting: Waiting[] }>();
  return {
    enter: (request) => {
      const group = groups.get(request.group) ?? { running: false, waiting: [] };
      groups.set(request.group, group);
      const release = (): void => {
        const next = group.waiting.shift();
        if (next === undefined) group.running = false;
        else next.answer(true);
      };
      if (!group.running) {
        group.running = true;
        return { acquired: Promise.resolve(true), release, cancel: () => {} };
      }
      if (request.queue === 'single') for (const older of group.waiting.splice(0)) older.answer(false);
      if (group.waiting.length >= QUEUE_LIMIT)
        return { acquired: Promise.resolve(false), release: () => {}, cancel: () => {} };
      const { promise: acquired, resolve: answer } = Promise.withResolvers<boolean>();
      const waiting = { answer };
      group.waiting.push(waiting);
      const cancel = (): void => {
        const index = group.waiting.indexOf(waiting);
        if (index === -1) return;
        group.waiting.splice(index, 1);
        answer(false);
      };
      return { acquired, release, cancel };
    },
  };
}
