import type { JobRecord, RunRecord } from '#lab/github/runner/run-record.ts';

/** A job that waits for a reviewer of its environment. */
export interface PendingJob {
  readonly run: RunRecord;
  readonly record: JobRecord;
  readonly environment: string;
  readonly decide: (verdict: 'approved' | 'rejected') => void;
}

/** Environments with required reviewers, and the jobs that wait for them. */
export interface Approvals {
  /** From now on, jobs of this environment wait until one of these people approves. */
  protect(environment: string, reviewers: readonly string[]): void;
  /** Returns the logins of an environment's reviewers; none where it is not protected. */
  reviewersOf(environment: string): readonly string[];
  readonly pending: readonly PendingJob[];
  /** Waits for a verdict where the environment is protected; returns `cancelled` where the signal came first. */
  wait(job: Omit<PendingJob, 'decide'>, signal: AbortSignal): Promise<'approved' | 'rejected' | 'cancelled'>;
}

/** Starts without protected environments. */
export function createApprovals(): Approvals {
  const reviewers = new Map<string, readonly string[]>();
  const pending: PendingJob[] = [];
  const reviewersOf = (environment: string): readonly string[] => reviewers.get(environment.toLowerCase()) ?? [];
  return {
    protect: (environment, logins) => void reviewers.set(environment.toLowerCase(), logins),
    reviewersOf,
    pending,
    wait: async (job, signal) => {
      if (reviewersOf(job.environment).length === 0) return 'approved';
      if (signal.aborted) return 'cancelled';
      const { promise, resolve } = Promise.withResolvers<'approved' | 'rejected' | 'cancelled'>();
      const waiting = { ...job, decide: resolve };
      const cancel = (): void => resolve('cancelled');
      pending.push(waiting);
      signal.addEventListener('abort', cancel, { once: true });
      const verdict = await promise;
      signal.removeEventListener('abort', cancel);
      pending.splice(pending.indexOf(waiting), 1);
      return verdict;
    },
  };
}
