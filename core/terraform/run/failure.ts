import type { Diagnostic, Said } from '#core/terraform/run/messages.ts';

/** Why a run of the program did not end well. */
export const FAILURES = [
  'interrupted',
  'lock-held',
  'credentials',
  'panic',
  'killed',
  'provider-crash',
  'no-json',
  'stale',
  'lock-file',
  'errors',
] as const;
/** One of {@link FAILURES}. */
export type FailureKind = (typeof FAILURES)[number];

/** What went wrong with a run, in one sentence, and what the program itself said. */
export interface Failure {
  readonly kind: FailureKind;
  /** What happened and what to do; it holds no text of the program but a lock's holder. */
  readonly sentence: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** How a run ended. */
export interface Ending {
  /** Such as `terraform plan`. */
  readonly command: string;
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly said: Pick<Said, 'diagnostics' | 'version' | 'finished'>;
  /** True where this run was told to stop. */
  readonly isInterrupted: boolean;
  readonly now: Date;
}

const CREDENTIALS =
  /ExpiredToken|RequestExpired|security token included in the request is (expired|invalid)|InvalidClientTokenId|UnrecognizedClientException|SignatureDoesNotMatch|No valid credential sources|failed to refresh cached credentials|no EC2 IMDS role found|InvalidIdentityToken|HTTP remote state endpoint (requires auth|invalid auth)/i;
const PANIC = /TERRAFORM CRASH|OPENTOFU CRASH|^panic: |^fatal error: /m;
const CRASH =
  /Plugin did not respond|plugin process exited|The plugin encountered an error, and failed to respond|plugin6?\.\(\*GRPCProvider\).*(transport|EOF|Unavailable)|Unrecognized remote plugin message|Failed to instantiate provider|Could not load the schema for provider|Failed to load plugin schemas|Stack trace from the .* plugin/i;
const STALE = /Saved plan is stale|Saved plan does not match the given state/i;
const LOCK_FILE =
  /Inconsistent dependency lock file|Provider dependency changes detected|lock file .*(read-only|readonly)|doesn't match any of the checksums|does not match any of the checksums/i;

/** Exit code of Terraform and OpenTofu after a panic of their own. */
const PANIC_EXIT = 11;
/** Exit code of a shell whose program got SIGKILL. */
const KILLED_EXIT = 137;

/** Returns why a run failed; undefined where it ended well, which takes more than exit code 0: its own word that it is done. */
export function findFailure(ending: Ending): Failure | undefined {
  const { code, said } = ending;
  const diagnostics = said.diagnostics.filter(({ severity }) => severity === 'error');
  const isFinished = said.version !== undefined && said.finished !== undefined;
  if (code === 0 && isFinished && diagnostics.length === 0) return undefined;
  const kind = chooseKind(ending, diagnostics);
  return { kind, sentence: describe(kind, ending, diagnostics), diagnostics };
}

function chooseKind(ending: Ending, errors: readonly Diagnostic[]): FailureKind {
  const { code, signal, stderr, isInterrupted } = ending;
  const text = [...errors.flatMap(({ summary, detail }) => [summary, detail]), stderr].join('\n');
  if (findLock(errors) !== undefined) return 'lock-held';
  if (code === PANIC_EXIT || PANIC.test(stderr)) return 'panic';
  if (signal !== null || code === KILLED_EXIT) return 'killed';
  if (isInterrupted) return 'interrupted';
  if (CRASH.test(text)) return 'provider-crash';
  if (CREDENTIALS.test(text)) return 'credentials';
  if (STALE.test(text)) return 'stale';
  if (LOCK_FILE.test(text)) return 'lock-file';
  if (errors.length === 0) return 'no-json';
  return 'errors';
}

function describe(kind: FailureKind, ending: Ending, errors: readonly Diagnostic[]): string {
  const { command, code, now } = ending;
  const [tool = 'terraform'] = command.split(' ');
  switch (kind) {
    case 'lock-held':
      return describeLock(findLock(errors), command, now);
    case 'panic':
      return `${command} crashed (a panic of ${tool} itself, exit code ${code}): this is a bug of ${tool}; run it again, then with the ${tool} before it`;
    case 'killed':
      return describeKill(ending);
    case 'interrupted':
      return command.endsWith(' apply')
        ? `${command} was told to stop, and stopped in order: what it had begun is finished, its state is written and its lock is free; plan again for the rest`
        : `${command} was told to stop, and stopped in order: nothing was changed; run it again`;
    case 'provider-crash':
      return `${command} lost a provider, which crashed or did not start: look at the provider's messages below, and run it again`;
    case 'credentials':
      return `${command} was not let in: the credentials are missing, wrong or expired; run the job again, which logs in again`;
    case 'stale':
      return `${command} refused the saved plan: the state has changed since it was made`;
    case 'lock-file':
      return describeLockFile(command, tool);
    case 'no-json':
      return `${command} ended with exit code ${code} without the messages that -json promises, so what it did is unknown: check that ${tool} on PATH is the program itself and not a wrapper, and that TF_CLI_ARGS does not change its output`;
    case 'errors':
      return `${command} found ${errors.length === 1 ? 'an error' : `${errors.length} errors`}`;
  }
}

/** The two programs have registries of their own, and take the entries of no other one. */
function describeLockFile(command: string, tool: string): string {
  const other = tool === 'tofu' ? 'terraform' : 'tofu';
  return `${command} wants other providers than .terraform.lock.hcl names: run ${tool} init in the stack's folder and commit .terraform.lock.hcl. A file that ${other} wrote names another registry's providers: ${tool} refuses it, and one with the entries of both`;
}

function describeKill({ command, signal }: Ending): string {
  if (signal !== null && signal !== 'SIGKILL') return `${command} was ended by ${signal}: run it again`;
  const verb = command.split(' ').at(-1);
  return `${command} was killed by the machine, mostly because memory ran out: use a larger runner, or set TF_CLI_ARGS_${verb}=-parallelism=2`;
}

/** Who holds a lock, from the text of the error that says so. */
interface LockInfo {
  readonly id: string;
  readonly who: string;
  readonly operation: string;
  readonly created: string;
}

function findLock(errors: readonly Diagnostic[]): LockInfo | undefined {
  const error = errors.find(({ summary }) => /Error acquiring the state lock/i.test(summary));
  if (error === undefined) return undefined;
  // the http backend prints the asker's own lock, and of the holder's the id alone
  const [, held] = /HTTP remote state already locked: ID=(\S*)/.exec(error.detail) ?? [];
  if (held !== undefined) return { id: held, who: '', operation: '', created: '' };
  const field = (name: string): string =>
    new RegExp(`^\\s*${name}:\\s*(.*)$`, 'm').exec(error.detail)?.[1]?.trim() ?? '';
  // without a holder the backend was not reached, or lets no one lock: no lock is held by that
  if (field('ID') === '' && error.detail.trim() !== '') return undefined;
  return { id: field('ID'), who: field('Who'), operation: field('Operation'), created: field('Created') };
}

function describeLock(lock: LockInfo | undefined, command: string, now: Date): string {
  const { who = '', operation = '', created = '', id = '' } = lock ?? {};
  const since = new Date(created.replace(/^(\S+) (\S+?)(?:\.\d+)? .*$/, '$1T$2Z'));
  const age = Number.isNaN(since.getTime()) ? '' : `, ${describeAge(now.getTime() - since.getTime())} ago`;
  const holder = [
    `by ${who === '' ? 'an unknown holder' : who}`,
    ...(operation === '' ? [] : [`for ${operation.replace(/^OperationType/, '').toLowerCase()}`]),
    ...(created === '' ? [] : [`since ${created.replace(/\.\d+/, '').replace(' +0000 UTC', ' UTC')}${age}`]),
  ].join(' ');
  const [tool] = command.split(' ');
  return `${command} cannot have the state: it is locked ${holder}${id === '' ? '' : ` (id ${id})`}; wait for it and run this again. Only when you know that its holder is gone: ${tool} force-unlock ${id === '' ? 'ID' : id}`;
}

/** Returns a span of time as people say it: `3 minutes`. */
export function describeAge(milliseconds: number): string {
  const minutes = Math.max(0, Math.round(milliseconds / 60_000));
  const [count, unit] =
    minutes < 120
      ? [minutes, 'minute']
      : minutes < 2_880
        ? [Math.round(minutes / 60), 'hour']
        : [Math.round(minutes / 1_440), 'day'];
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
