import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { CommandResult } from '#commands/command.ts';
import { runSlipway } from '#commands/slipway.ts';
import { findArgoManifest } from '#lab/cluster/argocd-manifest.ts';
import { startControlPlane } from '#lab/cluster/control-plane.ts';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { obtainTools } from '#lab/toolbox/toolbox.ts';

/** A control plane without a node: every object can be put in, and no pod runs. */
export interface BareCluster {
  readonly lab: Lab;
  readonly kubeconfig: string;
  /** A clone of the tenant's repository, as far as a cluster needs it; its pins have digests. */
  readonly clone: string;
  /** Argo CD's own install.yaml. */
  readonly manifest: string;
  /** Folders for PATH, kubectl among them. */
  readonly path: string;
  kubectl(words: readonly string[], input?: string): Promise<string>;
  /** Types `slipway …` in the clone. */
  type(words: readonly string[], options?: Typing): Promise<Typed>;
}

/** How a person sits there. */
export interface Typing {
  readonly environment?: Readonly<Record<string, string>>;
  /** What standard input holds. */
  readonly input?: string;
  readonly answer?: boolean;
}

/** What was left on the terminal. */
export interface Typed extends CommandResult {
  readonly told: string;
  readonly asked: readonly string[];
  /** How often standard input was read. */
  readonly reads: number;
}

/** Starts etcd, the API server and its controllers: seconds. */
export async function startBareCluster(): Promise<BareCluster> {
  const toolbox = await obtainTools(['kubernetes', 'etcd', 'kustomize'], silentProgress);
  const lab = await openLab({ progress: silentProgress, path: toolbox.path });
  const { kubeconfig } = await startControlPlane(lab, toolbox, '127.0.0.1');
  const path = `${dirname(toolbox.tool('kubectl'))}:${process.env['PATH'] ?? ''}`;
  const clone = copyTenant(lab.folder('clone'));
  const [manifest, temp] = [join(lab.folder('manifest'), 'install.yaml'), lab.folder('temp')];
  copyFileSync(await findArgoManifest(), manifest);
  return {
    ...{ lab, kubeconfig, clone, manifest, path },
    kubectl: async (words, input) => {
      const argv: [string, ...string[]] = [toolbox.tool('kubectl'), `--kubeconfig=${kubeconfig}`, ...words];
      return (await lab.exec(argv, input === undefined ? {} : { input })).stdout.toString('utf8');
    },
    type: async (words, { environment = { KUBECONFIG: kubeconfig }, input = '', answer } = {}) => {
      const [shown, told, asked] = [[] as string[], [] as string[], [] as string[]];
      let reads = 0;
      const confirm = async (question: string): Promise<boolean> => {
        asked.push(question);
        return answer ?? false;
      };
      const result = await runSlipway(words, {
        environment: { PATH: path, HOME: lab.folder('home'), ...environment },
        resolve: (file) => resolve(clone, file),
        now: () => new Date(),
        show: (text) => void shown.push(text),
        tell: (text) => void told.push(text),
        readInput: async () => {
          reads += 1;
          return input;
        },
        confirm: answer === undefined ? undefined : confirm,
        ...{ temp, width: 120, isColoured: false },
      });
      return { ...result, stdout: shown.join('') + result.stdout, told: told.join('\n'), asked, reads };
    },
  };
}

/** The tenant's own files; every pin gets a digest, which `cluster pins` asks the registries for elsewhere. */
function copyTenant(clone: string): string {
  for (const name of ['argocd', 'overlays', 'base', 'slipway.yaml'])
    cpSync(join(repositoryRoot, name), join(clone, name), { recursive: true });
  const pins = join(clone, 'argocd/pins.json');
  writeFileSync(pins, readFileSync(pins, 'utf8').replaceAll(': null', `: "sha256:${'ab'.repeat(32)}"`));
  const platform = join(clone, 'argocd/platform');
  if (!existsSync(platform)) writePlatform(platform);
  return clone;
}

function writePlatform(folder: string): void {
  mkdirSync(folder);
  const write = (name: string, object: unknown): void => writeFileSync(join(folder, name), JSON.stringify(object));
  write('kustomization.yaml', {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: ['external-secrets.yaml', 'health.yaml'],
  });
  write('external-secrets.yaml', {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'external-secrets', namespace: 'argocd' },
    spec: {
      project: 'platform',
      source: { repoURL: 'https://charts.external-secrets.io', chart: 'external-secrets', targetRevision: '0.20.4' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'external-secrets' },
      syncPolicy: { automated: { prune: true } },
    },
  });
  write('health.yaml', {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd' },
    data: { 'resource.customizations.health.x': 'return {}' },
  });
}
