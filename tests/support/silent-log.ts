import type { Log } from '#core/system/log.ts';

/** A log for tests that do not look at it. */
export const silentLog: Log = { debug: () => {}, info: () => {}, warn: () => {} };
