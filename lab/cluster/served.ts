import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from '#lab/cluster/cluster.ts';

/** Resolves when the API server serves new kinds: right after their definitions are applied, it does not yet. */
export async function waitUntilServed(cluster: Pick<Cluster, 'kubectl'>, kinds: readonly string[]): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await cluster.kubectl(['get', kinds.join(','), '-n', 'default']);
      return;
    } catch (error) {
      if (attempt === 100) throw error;
      await sleep(100);
    }
  }
}
