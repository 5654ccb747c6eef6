/** What a broken world may use of the lab. */
export interface WorldParts {
  /** The registry that pods pull from. */
  readonly host: string;
  /** A digest of the bot that the registry has, and that no node has pulled yet. */
  readonly fresh: string;
  /** A digest of the bot that the registry has, and that differs from staging's. */
  readonly other: string;
  /** The digest of the bot that staging runs. */
  readonly good: string;
  /** A digest of the bot that is built for another platform. */
  readonly foreign: string;
  /** Where a stand-in for DynamoDB answers pods; it answers by the table's name. */
  readonly dynamodb: string;
}

/** One environment that is broken in exactly one way. */
export interface BrokenWorld {
  /** The environment's name; its namespace is the same. */
  readonly name: string;
  /** The cause that doctor must name, and no other. */
  readonly cause: string;
  /** Which digest the overlay says. */
  readonly digest?: (parts: WorldParts) => string;
  /** Changes the bot's Deployment. */
  readonly deployment?: (deployment: Deployment, parts: WorldParts) => void;
  /** How slipway.yaml says that it deploys; by hand unless given. */
  readonly deploys?: string;
  /** More files of the overlay, which Argo CD does not read. */
  readonly files?: Readonly<Record<string, string>>;
  /** More objects of the overlay. */
  readonly objects?: readonly object[];
  /** Objects that are applied by hand before Argo CD comes. */
  readonly byHand?: readonly object[];
  /** Changes the Application. */
  readonly application?: (application: Application) => Application;
  /** True where the Application is in git, and no one applied it. */
  readonly isForgotten?: true;
  /** Changes the overlay's kustomization. */
  readonly kustomization?: (kustomization: Kustomization) => void;
  /** True where External Secrets wrote the Secret from a parameter that was taken away since. */
  readonly hasLostParameter?: true;
  /** True where the AppProject does not allow the namespace. */
  readonly isForeign?: true;
  /** True where the namespace is not made. */
  readonly hasNoNamespace?: true;
}

/** The bot's container. */
export interface Container {
  name: string;
  image: string;
  command?: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  resources: { requests: Record<string, string>; limits: Record<string, string> };
  readinessProbe: { httpGet: { path: string; port: string }; periodSeconds: number };
  securityContext: Record<string, unknown>;
  [key: string]: unknown;
}

/** The parts of a Deployment that worlds change. */
export interface Deployment {
  kind: string;
  metadata: { name: string };
  spec: {
    template: {
      spec: {
        imagePullSecrets: { name: string }[];
        serviceAccountName?: string;
        containers: [Container];
        volumes: object[];
        securityContext: Record<string, unknown>;
      };
    };
    [key: string]: unknown;
  };
}

/** The parts of an overlay that worlds change. */
export interface Kustomization {
  resources: string[];
  [key: string]: unknown;
}

/** The parts of an Application that worlds change. */
export interface Application {
  metadata: { name: string };
  spec: {
    source: { path: string; targetRevision: string };
    syncPolicy: { automated?: object };
    [key: string]: unknown;
  };
}
