/** Where a run tells what it does. The adapter escapes workflow commands: no line can become one. */
export interface Log {
  debug(message: string): void;
  info(message: string): void;
  /** An annotation on the run, for what a person should look at although the step is green. */
  warn(message: string): void;
}

/** An error that a person finds beside the line of code that it is about. Its texts hold no secret. */
export interface Annotation {
  readonly title: string;
  readonly message: string;
  /** Path in the repository; without it the annotation is on the run. */
  readonly file?: string;
  readonly line?: number;
  readonly endLine?: number;
}
