import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '#lab/supervisor/lab.ts';
import { cgroupName } from '#lab/supervisor/traces.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** One build by the Dockerfile of a folder. */
export interface BuildkitBuild {
  /** Holds the Dockerfile and what it copies. */
  readonly folder: string;
  readonly buildArgs: Readonly<Record<string, string>>;
  /** `host/repository:tag`, in BuildKit's own store and, with `push`, in the registry. */
  readonly name: string;
  readonly push: boolean;
}

/** The lab's own BuildKit, the builder behind a modern `docker build`. */
export interface Buildkit {
  /** Builds and returns the digest of the image. */
  build(build: BuildkitBuild): Promise<string>;
}

/** What buildkitd.toml says of a lab's BuildKit. */
export interface BuildkitSettings {
  /** Holds everything that buildkitd keeps, and `runc`. */
  readonly folder: string;
  /** Below which its containers run: `/slipway-<lab>`. */
  readonly cgroup: string;
  /** `127.0.0.1:PORT` of a registry without TLS. */
  readonly registry: string;
}

/**
 * Starts BuildKit with its own worker (runc, overlayfs) and its cache on disk. Like the lab's Docker engine it has a
 * mount namespace of its own, so no mount is visible outside and none outlives it. Its containers share the machine's
 * network, because BuildKit knows no network with the bridge's address only but one of CNI's.
 */
export async function startBuildkit(lab: Lab, toolbox: Toolbox, registry: string): Promise<Buildkit> {
  const folder = lab.folder('buildkit');
  const configFile = join(folder, 'buildkitd.toml');
  writeFileSync(configFile, renderBuildkitConfig({ folder, cgroup: `/${cgroupName(lab.id)}`, registry }));
  // BuildKit leaves the place of runc's state to runc, which takes /run/runc
  const runc = `#!/bin/sh\nexec '${toolbox.tool('runc')}' --root '${lab.folder('buildkit', 'runc-state')}' "$@"\n`;
  writeFileSync(join(folder, 'runc'), runc, { mode: 0o755 });
  const buildctl = [toolbox.tool('buildctl'), '--addr', socketOf(folder)] as const;
  await lab.start({
    name: 'buildkitd',
    argv: [
      ...(['unshare', '--mount', '--propagation', 'slave'] as const),
      ...[toolbox.tool('buildkitd'), '--config', configFile],
    ],
    ready: async () => (await lab.exec([...buildctl, 'debug', 'workers'])).code === 0,
    graceMs: 15_000,
  });
  return {
    build: async (build) => {
      const metadata = join(mkdtempSync(join(lab.folder('tmp'), 'buildctl-')), 'metadata.json');
      await lab.exec([...buildctl, ...buildctlArgs(build), '--metadata-file', metadata]);
      return (JSON.parse(readFileSync(metadata, 'utf8')) as Record<string, string>)['containerimage.digest'] ?? '';
    },
  };
}

/** Returns the text of buildkitd.toml, whose strings are quoted as JSON's are. Every place is below the folder. */
export function renderBuildkitConfig({ folder, cgroup, registry }: BuildkitSettings): string {
  const text = (value: string): string => JSON.stringify(value);
  return `root = ${text(join(folder, 'root'))}
[grpc]
address = [${text(socketOf(folder))}]
[otel]
socketPath = ${text(join(folder, 'otel.sock'))}
[cdi]
disabled = true
[worker.containerd]
enabled = false
[worker.oci]
enabled = true
snapshotter = "overlayfs"
binary = ${text(join(folder, 'runc'))}
networkMode = "host"
gc = false
defaultCgroupParent = ${text(cgroup)}
[registry.${text(registry)}]
http = true
`;
}

/** Returns the arguments of a build by the frontend that is compiled into buildkitd: no image of a frontend is pulled. */
export function buildctlArgs({ folder, buildArgs, name, push }: BuildkitBuild): string[] {
  return [
    ...['build', '--progress', 'quiet', '--frontend', 'dockerfile.v0'],
    ...['--local', `context=${folder}`, '--local', `dockerfile=${folder}`],
    ...Object.entries(buildArgs).flatMap(([key, value]) => ['--opt', `build-arg:${key}=${value}`]),
    ...['--output', `type=image,name=${name},push=${push}`],
  ];
}

function socketOf(folder: string): string {
  return `unix://${join(folder, 'buildkitd.sock')}`;
}
