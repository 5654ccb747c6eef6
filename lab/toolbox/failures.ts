import { statfsSync } from 'node:fs';
import { CommandError } from '#core/system/exec.ts';
import { describeError, Refusal } from '#core/values/errors.ts';

const DISK_FULL = /no space left on device|ENOSPC|Disk quota exceeded|not enough free space/i;
const KILLED = /signal: killed|was ended by SIGKILL|cannot allocate memory|out of memory/i;
const NOT_ALLOWED = /EACCES|EROFS|EPERM|permission denied|Read-only file system/i;
const NO_NETWORK = [
  /dial tcp|no such host|i\/o timeout|TLS handshake timeout|proxyconnect|connection re(?:fused|set)|unexpected EOF/i, // go
  /Temporary failure resolving|Could not resolve|Unable to connect to|Failed to fetch|Cannot initiate the connection/i, // apt
  /NewConnectionError|name resolution|ReadTimeout|ProxyError|Max retries exceeded|Network is unreachable/i, // pip
];

/** What to say when a tool could not be had. */
export interface FailedStep {
  /** `act 0.2.89`. */
  readonly what: string;
  /** Folders that the step writes to: which of them is full is told. */
  readonly folders: readonly string[];
  /** Where downloads come from, by the setting that says so: `GOPROXY "https://…"`. */
  readonly source: string;
}

/** True when an error comes from the network, so that another try may do. */
export function isNetworkFailure(error: unknown): boolean {
  return NO_NETWORK.some((pattern) => pattern.test(textOf(error))) && !DISK_FULL.test(textOf(error));
}

/**
 * Returns the refusal that tells a person what a failed step needs. A refusal stays as it is, and so does what is
 * neither a program's failure nor the operating system's: that is our own bug.
 */
export function explainFailure(step: FailedStep, error: unknown): unknown {
  if (!(error instanceof CommandError) && !isSystemError(error)) return error;
  const text = textOf(error);
  if (DISK_FULL.test(text)) {
    const free = step.folders.map((folder) => `${folder} has ${freeMegabytes(folder)} MB free`).join(', ');
    return refuse(`${step.what}: the disk is full (${free}). Make room (all tools take 8 GB) and run it again`, error);
  }
  if (KILLED.test(text)) {
    const remedy = 'Building takes up to 4 GB of memory: close something and run it again';
    return refuse(`${step.what}: the build was killed, most likely for want of memory. ${remedy}`, error);
  }
  if (NOT_ALLOWED.test(text)) {
    const line = lineThat(text, [NOT_ALLOWED]);
    return refuse(
      `${step.what}: a folder cannot be written (${line}). Give this user the right to and run it again`,
      error,
    );
  }
  if (isNetworkFailure(error)) {
    const line = lineThat(text, NO_NETWORK);
    return refuse(
      `${step.what}: downloading failed (${line}). Check the network and ${step.source}, then run it again`,
      error,
    );
  }
  return refuse(`${step.what} could not be built: ${describeError(error)}`, error);
}

function refuse(message: string, cause: unknown): Refusal {
  return new Refusal(`${message}${message.includes('\n') ? '' : '; what is built already is kept.'}`, { cause });
}

function isSystemError(error: unknown): error is Error & { code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error;
}

function textOf(error: unknown): string {
  const own = error instanceof CommandError ? `${error.message}\n${error.stderr}` : describeError(error);
  return isSystemError(error) ? `${error.code} ${own}` : own;
}

function lineThat(text: string, patterns: readonly RegExp[]): string {
  const line = text.split('\n').find((candidate) => patterns.some((pattern) => pattern.test(candidate))) ?? '';
  return line.trim().slice(0, 300);
}

function freeMegabytes(folder: string): string {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return String(Math.floor((bavail * bsize) / 2 ** 20));
  } catch {
    return 'an unknown number of';
  }
}
