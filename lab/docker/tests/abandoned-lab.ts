// Opens a lab with a Docker engine and a running container, says so, and waits to be killed.
import { writeFileSync } from 'node:fs';
import { startRegistry } from '#lab/aws/registry.ts';
import { makeBaseImage } from '#lab/docker/base-image.ts';
import { startDocker } from '#lab/docker/docker.ts';
import { openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

const toolbox = await obtainTools(['docker', 'registry', 'network', 'busybox'], silentProgress);
const lab = await openLab({ progress: silentProgress, path: toolbox.path });
const docker = await startDocker(lab, toolbox);
const registry = await startRegistry(lab, toolbox);
const base = await makeBaseImage(lab, toolbox, registry, docker);
await docker.exec(['run', '--detach', base.reference, 'sleep', '600']);
writeFileSync(process.argv[2] ?? '', JSON.stringify({ id: lab.id, dir: lab.dir }));
setInterval(() => {}, 1000);
