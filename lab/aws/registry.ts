import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab, LabProcess } from '#lab/supervisor/lab.ts';
import { freePort } from '#lab/supervisor/ports.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** The real OCI registry, without login: the lab pushes to it directly, the ECR stand-in behind its login. */
export interface OciRegistry {
  /** `127.0.0.1:PORT`; the same after a {@link OciRegistry.stop} and {@link OciRegistry.start}. */
  readonly host: string;
  stop(): Promise<void>;
  start(): Promise<void>;
}

/** Starts docker-registry on loopback with its storage in the lab's folder. Manifests can be deleted. */
export async function startRegistry(lab: Lab, toolbox: Toolbox): Promise<OciRegistry> {
  const host = `127.0.0.1:${await freePort()}`;
  const config = join(lab.folder('registry'), 'config.json');
  writeFileSync(config, JSON.stringify(registrySettings(host, lab.folder('registry', 'storage')), null, 2));
  const startProcess = () =>
    lab.start({
      name: 'registry',
      argv: [toolbox.tool('docker-registry'), 'serve', config],
      env: { OTEL_TRACES_EXPORTER: 'none' },
      ready: async () => (await fetch(`http://${host}/v2/`)).ok,
    });
  let running: LabProcess | undefined = await startProcess();
  return {
    host,
    stop: async () => {
      await running?.stop();
      running = undefined;
    },
    start: async () => {
      running ??= await startProcess();
    },
  };
}

function registrySettings(host: string, folder: string): Record<string, unknown> {
  return {
    version: '0.1',
    log: { level: 'warn', accesslog: { disabled: true } },
    storage: {
      filesystem: { rootdirectory: folder },
      delete: { enabled: true },
      cache: { blobdescriptor: 'inmemory' },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: { addr: host },
  };
}
