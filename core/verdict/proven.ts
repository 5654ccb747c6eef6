/** What is proven of a release. `none`: no record was ever written, as in a repository without verdicts. */
export interface Verdict {
  readonly word: 'running' | 'failed' | 'unknown' | 'pending' | 'none';
  /** One line for a person; text from outside. */
  readonly said: string;
  /** When it was said, as an ISO time. */
  readonly at?: string;
}

/** Which release is asked about. */
export interface JudgedRelease {
  readonly environment: string;
  readonly image: string;
  readonly intent: string;
  readonly source: string;
  readonly digest: string;
}

/** What is proven of releases. */
export interface Verdicts {
  of(release: JudgedRelease): Promise<Verdict>;
}
