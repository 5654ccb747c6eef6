/** What the sandbox is told by its environment. Sizes in bytes, times in milliseconds. */
export interface Settings {
  readonly port: number;
  /** Folder of all workspaces. */
  readonly root: string;
  /** A workspace that was not used for so long is removed. */
  readonly unusedMs: number;
  /** How often that is looked at. */
  readonly sweepMs: number;
  /** What one workspace may hold when a run begins. */
  readonly workspaceBytes: number;
  /** True in a container of its own: after a run, every process that is not the server's is ended. */
  readonly ownsProcesses: boolean;
  /** Folders that every run may write: in a container of its own they are emptied before a run. None unless the image says so. */
  readonly shared: readonly string[];
}

/** The most that a request may ask for. */
export const LIMITS = {
  bodyBytes: 16 * 1024 * 1024,
  outputBytes: 1024 * 1024,
  filesBytes: 8 * 1024 * 1024,
  files: 100,
  /** Files and folders that are looked at for those that come back. */
  entries: 10_000,
  timeoutMs: 300_000,
  /** Runs that wait for their turn. */
  waiting: 8,
} as const;

/** Reads the environment; refuses a value that is not a whole number with a sentence. */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const number = (name: string, fallback: number): number => {
    const text = environment[name] ?? '';
    if (text === '') return fallback;
    if (!/^\d{1,12}$/.test(text))
      throw new Error(`${name} is ${JSON.stringify(text)}: set a whole number, or leave it out for ${fallback}`);
    return Number(text);
  };
  return {
    port: number('PORT', 8080),
    root: environment['SANDBOX_WORKSPACES'] ?? '/workspaces',
    unusedMs: number('SANDBOX_UNUSED_HOURS', 168) * 3_600_000,
    sweepMs: number('SANDBOX_SWEEP_SECONDS', 3_600) * 1_000,
    workspaceBytes: number('SANDBOX_WORKSPACE_BYTES', 1024 * 1024 * 1024),
    // only below the container's process 1: on a machine of yours the variable alone would end everything of your user
    ownsProcesses: environment['SANDBOX_OWNS_PROCESSES'] === '1' && process.ppid === 1,
    shared: (environment['SANDBOX_SHARED'] ?? '').split(':').filter(Boolean),
  };
}
