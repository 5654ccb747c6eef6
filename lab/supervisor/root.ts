import { dirname, join } from 'node:path';

/** The checkout that this lab runs from. */
export const repositoryRoot = dirname(dirname(import.meta.dirname));

/** What the lab keeps between runs: built tools, caches, logs. Ignored by git. */
export const labHome = join(repositoryRoot, '.lab');
