import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

/** Asks a question on a terminal. Only y and yes say yes; the end of the input and Ctrl-C say no. */
export function ask(question: string, input: Readable, output: Writable): Promise<boolean> {
  const terminal = createInterface({ input, output });
  return new Promise((resolve) => {
    const answer = (text: string): void => {
      resolve(/^y(es)?$/i.test(text.trim()));
      terminal.close();
    };
    terminal.on('SIGINT', () => answer(''));
    terminal.on('close', () => resolve(false));
    terminal.question(question, answer);
  });
}
