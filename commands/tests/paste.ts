/** Programs that ask at the terminal, unless they are told the answer. */
const ASKING =
  /^\s*(?:terraform (?:-\S+ )*(?:apply|destroy)\b(?!.*(?: planned$| -auto-approve))|npm run -s slipway -- cluster (?:connect|leave)\b(?!.*--(?:yes|dry-run))|(?:"?\$\{?EDITOR)|vi\b|gh auth login)/;
const READ = /(?:^|&&|;|\|\|) *read (?:-\w+ )*\w/;
/** Its input is not the terminal. */
const FED = /<<<|\| *read|while +read|< *\S/;

/** Returns the indexes of lines that read from the terminal: pasted with more lines, they take those for the answer. */
export function listReaders(lines: readonly string[]): number[] {
  return lines.flatMap((line, index) => (ASKING.test(line) || isRead(line) ? [index] : []));
}

/** Returns the lines that read what a person types without saying what. */
export function listUnprompted(lines: readonly string[]): string[] {
  return lines.filter((line) => isRead(line) && !/^\s*printf .*&& read/.test(line));
}

function isRead(line: string): boolean {
  return READ.test(line) && !FED.test(line);
}
