import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** Something that goes wrong on the way, for tests of what a client does about it. */
export interface Fault {
  /** Tried on `METHOD /path`; without it every request is meant. */
  readonly match?: RegExp;
  /** How many requests meet it. Default 1; Infinity until it is lifted. */
  readonly times?: number;
  /** Waits first, in milliseconds. */
  readonly delayMs?: number;
  /** Answers with this status and does nothing else. */
  readonly status?: number;
  /** `request`: the connection breaks before anything is done. `answer`: everything is done, then it breaks. */
  readonly drop?: 'request' | 'answer';
}

/** Faults that wait for their requests. */
export interface Faults {
  /** Adds a fault; the returned function lifts it. */
  fail(fault: Fault): () => void;
  /** Plays the first fault that is meant for this request; true when the request is thereby dealt with. */
  play(request: IncomingMessage, response: ServerResponse, refuse: (status: number) => void): Promise<boolean>;
}

/** Returns an empty list of faults. */
export function createFaults(): Faults {
  const waiting: { fault: Fault; left: number }[] = [];
  const take = (line: string): Fault | undefined => {
    const entry = waiting.find(({ fault, left }) => left > 0 && (fault.match?.test(line) ?? true));
    if (entry === undefined) return undefined;
    entry.left -= 1;
    return entry.fault;
  };
  return {
    fail: (fault) => {
      const entry = { fault, left: fault.times ?? 1 };
      waiting.push(entry);
      return () => {
        entry.left = 0;
      };
    },
    play: async (request, response, refuse) => {
      const fault = take(`${request.method} ${request.url}`);
      if (fault === undefined) return false;
      if (fault.delayMs !== undefined) await sleep(fault.delayMs);
      if (fault.status !== undefined) refuse(fault.status);
      else if (fault.drop === 'request') request.socket.destroy();
      else if (fault.drop === 'answer') breakBeforeAnswering(request, response);
      return fault.status !== undefined || fault.drop === 'request';
    },
  };
}

/** The head of an answer is written when the work behind it is done: at that moment the wire is cut. */
function breakBeforeAnswering(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead = () => {
    request.socket.destroy();
    return response;
  };
}
