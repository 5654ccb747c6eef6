/** Where a run tells what it does. The adapter escapes workflow commands: no line can become one. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  /** An annotation on the run, for what a person should look at although the step is green. */
  warn(message: string): void;
}
