import type { Asked } from '#core/cluster/asked.ts';
import type {
  Application,
  Claim,
  Deployment,
  ExternalSecret,
  KubeEvent,
  Namespace,
  Pod,
  Policy,
  ReplicaSet,
  SecretStore,
} from '#core/doctor/kube.ts';

/** What git says of one image of the environment. */
export interface ImageFacts {
  readonly image: string;
  /** What the overlay says; null for a tag or nothing. */
  readonly digest: string | null;
  /** The newest release that git believes. */
  readonly release: { readonly to: string; readonly commit: string | null; readonly hasPrevious: boolean } | null;
  /** What keeps automatic bumps away from it. */
  readonly hold: { readonly said: string; readonly isByHand: boolean } | null;
  /** A build that is newer than what the overlay says, and why that is not known. */
  readonly waits: { readonly digest: string | null; readonly source: string | null; readonly unknown: string | null };
}

/** What git says of the environment. */
export interface GitFacts {
  readonly branch: string;
  readonly head: string;
  readonly deploys: 'on-push' | 'on-promotion' | 'by-hand';
  readonly from: string | null;
  readonly overlay: string;
  /** What the overlay's `namespace:` says. */
  readonly namespace: string | null;
  /** Why the environment cannot be written. */
  readonly fault: string | null;
  readonly freeze: string | null;
  readonly openIntents: number;
  /** The file that describes the environment's Application, and the name it has there. */
  readonly application: { readonly file: string; readonly name: string } | null;
  readonly images: readonly ImageFacts[];
}

/** What a pod's readiness probe asks, and what it gets. */
export interface ReadyAnswer {
  readonly pod: string;
  readonly path: string;
  readonly answer: Asked<{ readonly status: number; readonly body: string }>;
}

/** The last lines of a container that ended. */
export interface LastLines {
  readonly pod: string;
  readonly container: string;
  readonly lines: Asked<readonly string[]>;
}

/** Whether an image can be pulled, as the registry answers the person who asks. */
export interface PullAnswer {
  readonly reference: string;
  /** What is wrong with it; null where all of it is there. */
  readonly fault: Asked<{ readonly kind: string; readonly said: string } | null>;
}

/** The newest run of a workflow on the branch. */
export interface RunFacts {
  readonly workflow: string;
  readonly conclusion: string;
  readonly sha: string;
  readonly url: string;
}

/** What the cluster says. */
export interface ClusterFacts {
  /** The environment's own; null where the cluster has none. */
  readonly application: Asked<Application | null>;
  readonly namespace: Asked<Namespace | null>;
  readonly deployments: Asked<readonly Deployment[]>;
  readonly replicaSets: Asked<readonly ReplicaSet[]>;
  readonly pods: Asked<readonly Pod[]>;
  readonly events: Asked<readonly KubeEvent[]>;
  readonly claims: Asked<readonly Claim[]>;
  readonly policies: Asked<readonly Policy[]>;
  readonly externalSecrets: Asked<readonly ExternalSecret[]>;
  /** Those that ExternalSecrets read by; asked for only where one of these fails. */
  readonly secretStores: Asked<readonly SecretStore[]>;
  /** Names only: values are never asked for. */
  readonly secrets: Asked<readonly string[]>;
  readonly ready: readonly ReadyAnswer[];
  readonly lastLines: readonly LastLines[];
}

/** Everything that doctor judges by, gathered once. */
export interface Facts {
  readonly environment: string;
  readonly git: GitFacts;
  readonly namespace: string;
  readonly cluster: Asked<ClusterFacts>;
  readonly pulls: readonly PullAnswer[];
  readonly run: Asked<RunFacts | null> | null;
}

/** Returns the answer, or what to take where there is none. */
export function or<T, E>(asked: Asked<T>, otherwise: E): T | E {
  return 'value' in asked ? asked.value : otherwise;
}
