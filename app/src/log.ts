import pino, { type Logger } from 'pino';

/** Keys whose values are never written, at the top and one and two levels below. */
const SECRET_KEYS = ['authorization', 'cookie', 'token', 'password', 'secret', 'apiKey', 'credentials', 'env'];

const SECRET_VARIABLE = /TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|KEY/;

/** Anything shorter would black out ordinary words. */
const SHORTEST_SECRET = 8;

/** What every line of the log carries. */
export interface LogOptions {
  readonly level: string;
  readonly source: string | undefined;
}

/**
 * Returns a log of JSON lines on standard output. The value of every environment variable whose name says that it is
 * a secret is blacked out wherever it appears, keys that hold secrets as well.
 */
export function createLog(options: LogOptions, environment: Readonly<Record<string, string | undefined>>): Logger {
  const secrets = findSecrets(environment);
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`]);
  return pino(
    {
      level: options.level,
      base: { service: 'discord-bot', source: options.source },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths, censor: '[redacted]' },
      hooks: { streamWrite: (line) => secrets.reduce((text, secret) => text.replaceAll(secret, '[redacted]'), line) },
    },
    // synchronous: the last line before an exit is the one that somebody will look for
    pino.destination({ dest: 1, sync: true }),
  );
}

/** As they are and as JSON writes them, the longest first: one may be a part of another. */
function findSecrets(environment: Readonly<Record<string, string | undefined>>): string[] {
  const values = Object.entries(environment)
    .filter(([name]) => SECRET_VARIABLE.test(name.toUpperCase()))
    .flatMap(([, value = '']) => [value, value.trim()]) // a header is sent without its white space
    .flatMap((value) => [value, JSON.stringify(value).slice(1, -1), encodeURIComponent(value)])
    .filter((value) => value.length >= SHORTEST_SECRET);
  return [...new Set(values)].sort((a, b) => b.length - a.length);
}
