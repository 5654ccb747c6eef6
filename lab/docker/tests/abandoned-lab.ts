// Opens a lab with a Docker engine and a running container, says so, and waits to be killed.
import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { startDocker } from '#lab/docker/docker.ts';
import { openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

const toolbox = await obtainTools(['docker', 'network', 'busybox'], silentProgress);
const lab = await openLab({ progress: silentProgress, path: toolbox.path });
const docker = await startDocker(lab, toolbox);
const tar = await lab.exec(['tar', '-C', dirname(toolbox.tool('busybox')), '-c', 'busybox']);
await docker.exec(['import', '-', 'tiny'], { input: tar.stdout });
await docker.exec(['run', '--detach', 'tiny', '/busybox', 'sleep', '600']);
writeFileSync(process.argv[2] ?? '', JSON.stringify({ id: lab.id, dir: lab.dir }));
setInterval(() => {}, 1000);
