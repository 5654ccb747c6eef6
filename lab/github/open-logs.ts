import { randomBytes } from 'node:crypto';

/** Texts at addresses that need no token: anyone who has the address may read, for a while. */
export interface OpenLogs {
  /** Returns a new address. */
  open(text: string): string;
  /** Returns the text of a path; undefined where there is none, or none any more. */
  read(path: string): string | undefined;
}

/** "This link expires after 1 minute." https://docs.github.com/en/rest/actions/workflow-jobs */
const LIVES_MS = 60_000;
const PREFIX = '/_logs/';

/** Starts without any. */
export function createOpenLogs(url: string, now: () => number = Date.now): OpenLogs {
  const texts = new Map<string, { readonly text: string; readonly until: number }>();
  const forgetOld = (): void => {
    for (const [path, { until }] of texts) if (until <= now()) texts.delete(path);
  };
  return {
    open: (text) => {
      forgetOld();
      const path = `${PREFIX}${randomBytes(16).toString('hex')}`;
      texts.set(path, { text, until: now() + LIVES_MS });
      return `${url}${path}`;
    },
    read: (path) => {
      forgetOld();
      return texts.get(path)?.text;
    },
  };
}
