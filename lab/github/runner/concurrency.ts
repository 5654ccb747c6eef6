/** A place in a concurrency group. */
export interface Place {
  /** Resolves when the turn has come; false when it was cancelled while it waited. */
  readonly turn: Promise<boolean>;
  /** Gives the group to the next in line. */
  leave(): void;
  /** Stops waiting; nothing happens to who runs already. */
  giveUp(): void;
}

/** How a workflow asks for its group. */
export interface ConcurrencyRequest {
  readonly group: string;
  /** `max`: all wait in their order, at most 100. Otherwise one waits, and a newer one takes its place. */
  readonly queue: 'single' | 'max';
}

const QUEUE_LIMIT = 100;

interface Waiting {
  readonly answer: (turn: boolean) => void;
}

/**
 * Concurrency groups as GitHub keeps them: one runs; without a queue one waits, and a newer one cancels it.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#concurrency
 */
export function createConcurrency(): { enter(request: ConcurrencyRequest): Place } {
  const groups = new Map<string, { running: boolean; waiting: Waiting[] }>();
  return {
    enter: (request) => {
      const group = groups.get(request.group) ?? { running: false, waiting: [] };
      groups.set(request.group, group);
      const leave = (): void => {
        const next = group.waiting.shift();
        if (next === undefined) group.running = false;
        else next.answer(true);
      };
      if (!group.running) {
        group.running = true;
        return { turn: Promise.resolve(true), leave, giveUp: () => {} };
      }
      if (request.queue === 'single') for (const older of group.waiting.splice(0)) older.answer(false);
      if (group.waiting.length >= QUEUE_LIMIT)
        return { turn: Promise.resolve(false), leave: () => {}, giveUp: () => {} };
      const { promise: turn, resolve: answer } = Promise.withResolvers<boolean>();
      const waiting = { answer };
      group.waiting.push(waiting);
      const giveUp = (): void => {
        const index = group.waiting.indexOf(waiting);
        if (index === -1) return;
        group.waiting.splice(index, 1);
        answer(false);
      };
      return { turn, leave, giveUp };
    },
  };
}
