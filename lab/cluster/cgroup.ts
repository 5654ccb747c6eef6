import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '#lab/supervisor/lab.ts';
import { cgroupName } from '#lab/supervisor/traces.ts';

const ROOT = '/sys/fs/cgroup';

/** Makes the cgroup below which the kubelet puts pods, in every hierarchy of cgroup v1 or in the one of v2. */
export function createCgroup(lab: Lab): void {
  const isV2 = existsSync(join(ROOT, 'cgroup.controllers')) && !existsSync(join(ROOT, 'cpu'));
  const roots = isV2
    ? [ROOT]
    : readdirSync(ROOT, { withFileTypes: true })
        .filter((entry) => entry.isDirectory() && entry.name !== 'unified')
        .map((entry) => join(ROOT, entry.name));
  for (const root of roots) {
    const path = join(root, cgroupName(lab.id));
    mkdirSync(path, { recursive: true });
    // a new cpuset is empty in v1, and nothing can run in an empty one
    for (const name of ['cpuset.cpus', 'cpuset.mems']) {
      if (existsSync(join(path, name)) && !isV2) writeFileSync(join(path, name), readFileSync(join(root, name)));
    }
  }
}
