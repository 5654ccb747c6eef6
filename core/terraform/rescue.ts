import { quoteWord } from '#core/values/shell.ts';
import type { Stack } from './stack.ts';

/** How a person opens what is sealed; the passphrase comes from the environment. */
const OPEN_SEALED = 'npm run -s slipway -- open-sealed';

/** Returns what to do with a rescued state: open it, then give it to the backend. */
export function describeRescue(file: string, { binary, folder }: Pick<Stack, 'binary' | 'folder'>): string {
  const state = `${folder}/errored.tfstate`;
  return `The state could not be written to its backend: it is in ${file}, encrypted. Before anything else plans this stack, with the passphrase in SLIPWAY_KEY: ${OPEN_SEALED} ${quoteWord(file)} --out ${quoteWord(state)} && ${binary} -chdir=${quoteWord(folder)} state push errored.tfstate && rm ${quoteWord(state)}`;
}
