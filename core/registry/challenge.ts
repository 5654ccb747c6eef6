/** One challenge of WWW-Authenticate (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `basic`, `bearer`, or one that we cannot answer. */
  readonly scheme: string;
  /** By their names in lower case. */
  readonly parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[\w!#$%&'*+.^`|~-]+/y;
/** Closed by a comma or the end; with an `=` in the middle it is a parameter. */
const TOKEN68 = /[\w.~+/-]+=*(?=[ \t]*(?:,|$))/y;
const EQUALS = /[ \t]*=[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/sy;
const BLANKS = /[ \t]+/y;
const COMMAS = /[ \t,]*/y;

/**
 * Returns the challenges of a WWW-Authenticate header, in their order; several headers come joined by commas. What is
 * behind the first fault is not read, and a challenge with a fault in it is left out.
 */
export function parseChallenges(header: string | null): Challenge[] {
  const scanner = createScanner(header ?? '');
  const challenges: Challenge[] = [];
  for (;;) {
    scanner.take(COMMAS);
    const scheme = scanner.take(TOKEN)?.[0];
    if (scheme === undefined) return challenges;
    const parameters = readParameters(scanner);
    if (parameters === undefined) return challenges;
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
}

interface Scanner {
  /** Returns what matches here and goes behind it; undefined, and stays, where nothing does. */
  take(pattern: RegExp): RegExpExecArray | undefined;
  tell(): number;
  seek(position: number): void;
  isAtEnd(): boolean;
}

function createScanner(text: string): Scanner {
  let position = 0;
  return {
    take: (pattern) => {
      pattern.lastIndex = position;
      const match = pattern.exec(text) ?? undefined;
      position += match?.[0].length ?? 0;
      return match;
    },
    tell: () => position,
    seek: (to) => {
      position = to;
    },
    isAtEnd: () => position >= text.length,
  };
}

/** Returns the parameters behind a scheme, none for a token68 or a bare scheme; undefined where they are malformed. */
function readParameters(scanner: Scanner): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  if (scanner.take(BLANKS) !== undefined && scanner.take(TOKEN68) !== undefined) return parameters;
  for (;;) {
    const before = scanner.tell();
    const separator = scanner.take(COMMAS)?.[0] ?? '';
    if (scanner.isAtEnd()) return parameters;
    if (parameters.size > 0 && !separator.includes(',')) return undefined;
    const name = scanner.take(TOKEN)?.[0].toLowerCase();
    if (name === undefined) return undefined;
    if (scanner.take(EQUALS) === undefined) {
      scanner.seek(before); // the next scheme
      return separator.includes(',') ? parameters : undefined;
    }
    const value = readValue(scanner);
    if (value === undefined) return undefined;
    if (!parameters.has(name)) parameters.set(name, value);
  }
}

function readValue(scanner: Scanner): string | undefined {
  const quoted = scanner.take(QUOTED)?.[1];
  return quoted === undefined ? scanner.take(TOKEN)?.[0] : quoted.replace(/\\(.)/gs, '$1');
}
