import { type Case, type Cause, cite, command, named } from '#core/doctor/cause.ts';
import { or } from '#core/doctor/facts.ts';
import type { Application } from '#core/doctor/kube.ts';

/** Returns why Argo CD does not bring what git says to the cluster. */
export function findApplicationCauses(theCase: Case): readonly Cause[] {
  const own = or(theCase.cluster.application, undefined);
  if (own === undefined) return [];
  if (own === null) return [missing(theCase)];
  const strayed = findStray(theCase, own);
  if (strayed !== undefined) return [strayed];
  const failure = explainConditions(theCase, own) ?? explainOperation(theCase, own);
  if (failure !== undefined) return [failure];
  return explainSilence(theCase, own);
}

/**
 * The environment's Application: the one that git describes by name; else the only one that follows its overlay, or the one
 * of several that is called as it; else the one that is called as it and delivers to its namespace, whatever it follows.
 * Another team's may follow a folder of the same name, or have the name.
 */
export function findOwn({ git, environment }: Pick<Case, 'git' | 'environment'>, all: readonly Application[]) {
  const described = all.find(({ metadata }) => metadata.name === git.application?.name);
  if (described !== undefined) return described;
  const following = all.filter(({ spec }) => sourcesOf(spec).some(({ path }) => tidy(path) === git.overlay));
  if (following.length === 1) return following[0];
  const namesakes = all.filter(({ metadata }) => metadata.name === environment);
  return (
    namesakes.find((one) => following.includes(one)) ??
    namesakes.find(({ spec }) => git.namespace !== null && spec.destination.namespace === git.namespace)
  );
}

function sourcesOf(
  spec: Application['spec'],
): readonly { path?: string | undefined; targetRevision?: string | undefined }[] {
  return spec.source === undefined ? spec.sources : [spec.source];
}

function tidy(path = ''): string {
  return path.replace(/^\.\//, '').replace(/\/+$/, '');
}

function missing({ environment, git }: Case): Cause {
  const file = git.application?.file;
  return {
    code: 'application-missing',
    said: `no Application of Argo CD follows ${git.overlay}: nothing deploys ${environment}`,
    evidence: [
      file === undefined
        ? 'git describes none either'
        : `${named(file)} describes one, and the cluster does not have it`,
    ],
    next:
      file === undefined
        ? command('git', 'grep', '-n', 'path: overlays/', `origin/${git.branch}`)
        : `${command('git', 'show', `origin/${git.branch}:${file}`)} | kubectl apply -f -`,
    about: ['application'],
  };
}

function findStray({ git }: Case, { metadata, spec }: Application): Cause | undefined {
  const sources = sourcesOf(spec);
  /** One of several sources has no name to patch it by. */
  const patch = (source: object): string =>
    spec.source === undefined
      ? kubectlArgo('get', 'application', metadata.name, '-o', 'jsonpath={.spec.sources}')
      : kubectlArgo('patch', 'application', metadata.name, '--type=merge', '-p', JSON.stringify({ spec: { source } }));
  const source = sources.find(({ path }) => tidy(path) === git.overlay);
  if (source === undefined) {
    return {
      code: 'application-path',
      said: `the Application ${metadata.name} does not follow ${git.overlay}`,
      evidence: [`its path is ${cite(sources.map(({ path }) => path ?? '').join(', '))}`],
      next: patch({ path: git.overlay }),
      about: ['application'],
    };
  }
  const { targetRevision = 'HEAD' } = source;
  if (['HEAD', '', git.branch, `refs/heads/${git.branch}`].includes(targetRevision)) return undefined;
  return {
    code: 'application-branch',
    said: `the Application ${metadata.name} follows ${cite(targetRevision)}, not ${git.branch}`,
    evidence: [`releases land on ${git.branch}`],
    next: patch({ targetRevision: git.branch }),
    about: ['application'],
  };
}

function kubectlArgo(...words: readonly string[]): string {
  return command('kubectl', '-n', 'argocd', ...words);
}

/** git's own words and those of the libraries that Argo CD speaks git and HTTP with. */
const UNREACHABLE =
  /authentication required|authorization failed|invalid credentials|repository not found|permission denied|terminal prompts disabled|could not read from remote|failed to list refs|dial tcp|no such host|connection refused|i\/o timeout|TLS handshake|x509|unable to access/i;
/** Of kustomize and Helm, as Argo CD runs them. */
const RENDERING = /kustomize build|helm template|failed to unmarshal|error unmarshaling/i;
const REFUSED =
  /is not permitted in project|not permitted to use project|do not match any of the allowed destinations/i;

function explainConditions({ git }: Case, { metadata, spec, status }: Application): Cause | undefined {
  const faults = status.conditions.filter(({ type }) => /Error$/.test(type) && type !== 'SyncError');
  const [first] = faults;
  if (first === undefined) return undefined;
  const evidence = faults.map(({ type, message }) => `${named(type)}: ${cite(message)}`);
  const about = ['application'];
  const refused = faults.find(({ message }) => REFUSED.test(message));
  if (refused !== undefined) {
    return {
      code: 'project-refuses',
      said: `the AppProject ${named(spec.project)} does not allow what ${metadata.name} asks for`,
      evidence,
      next: kubectlArgo('get', 'appproject', spec.project, '-o', 'yaml'),
      about,
    };
  }
  if (faults.some(({ message }) => isAboutGit(message))) {
    return {
      code: 'git-unreachable',
      said: `Argo CD cannot read the repository${isLogin(first.message) ? ': its login is missing, wrong or expired' : ''}`,
      evidence,
      next: kubectlArgo('get', 'secrets', '-l', 'argocd.argoproj.io/secret-type=repository'),
      about,
    };
  }
  if (faults.some(({ message }) => RENDERING.test(message))) {
    const next = command('kubectl', 'kustomize', git.overlay);
    return { code: 'render-error', said: `${git.overlay} does not render`, evidence, next, about };
  }
  return {
    code: 'argocd-error',
    said: `Argo CD cannot compare ${git.overlay} with the cluster`,
    evidence,
    next: kubectlArgo('get', 'application', metadata.name, '-o', 'jsonpath={.status.conditions}'),
    about,
  };
}

/** What kustomize could not fetch is the overlay's matter, and what the cluster did not answer is not git's. */
function isAboutGit(message: string): boolean {
  return (
    UNREACHABLE.test(message) && !RENDERING.test(message) && /\b(git|refs|repository|repo|username)\b/i.test(message)
  );
}

function isLogin(message: string): boolean {
  return /authentication required|authorization failed|invalid credentials|repository not found|permission denied|terminal prompts disabled/i.test(
    message,
  );
}

/** A sync that was begun and failed. */
function explainOperation({ namespace, cluster }: Case, { metadata, spec, status }: Application): Cause | undefined {
  const operation = status.operationState;
  // what failed once, and was taken back in git, stays there until the next sync
  const isWell = status.sync?.status === 'Synced' && status.health?.status === 'Healthy';
  if (operation === undefined || isWell || !isFailing(operation)) return undefined;
  const failed = (operation.syncResult?.resources ?? []).filter(({ status: word }) => word === 'SyncFailed');
  const evidence = [
    `the last sync ${operation.phase === 'Running' ? 'is tried again' : 'failed'}: ${cite(operation.message)}`,
    ...failed.slice(0, 5).map(({ kind, name, message }) => `${named(kind)} ${named(name)}: ${cite(message)}`),
  ];
  const words = evidence.join('\n');
  const about = ['application'];
  if (/namespaces? \\?"?[\w-]+\\?"? not found/.test(words) && or(cluster.namespace, undefined) === null) {
    const said = `the namespace ${namespace} does not exist`;
    return {
      code: 'namespace-missing',
      said,
      evidence,
      next: command('kubectl', 'create', 'namespace', namespace),
      about,
    };
  }
  if (/is not permitted in project|not permitted in project/.test(words)) {
    return {
      code: 'project-refuses',
      said: `the AppProject ${named(spec.project)} does not allow what ${metadata.name} asks for`,
      evidence,
      next: kubectlArgo('get', 'appproject', spec.project, '-o', 'yaml'),
      about,
    };
  }
  return {
    code: 'sync-failed',
    said: `Argo CD could not apply what git says to ${namespace}`,
    evidence,
    next: kubectlArgo(
      'get',
      'application',
      metadata.name,
      '-o',
      'jsonpath={.status.operationState.syncResult.resources}',
    ),
    about,
  };
}

function isFailing({ phase, syncResult, message }: NonNullable<Application['status']['operationState']>): boolean {
  if (['Failed', 'Error'].includes(phase)) return true;
  const isRetried = phase === 'Running' && /retrying|failed/i.test(message);
  return (
    isRetried || (phase === 'Running' && (syncResult?.resources ?? []).some(({ status }) => status === 'SyncFailed'))
  );
}

/** Nothing failed, and the cluster still does not have what git says. */
function explainSilence(theCase: Case, { metadata, spec, status }: Application): Cause[] {
  if (status.sync?.status !== 'OutOfSync') return [];
  const { automated } = spec.syncPolicy ?? {};
  const isAutomatic = automated !== undefined && automated !== null && automated.enabled !== false;
  if (isAutomatic) return [];
  const isSwitchedOff = automated?.enabled === false;
  const wanted = { prune: true, selfHeal: true, ...(isSwitchedOff ? { enabled: true } : {}) };
  const patch = { spec: { syncPolicy: { automated: wanted } } };
  return [
    {
      code: 'auto-sync-off',
      said: `the Application ${metadata.name} does not sync by itself`,
      evidence: [
        `${theCase.git.branch} is at ${theCase.git.head.slice(0, 7)}, and the Application is OutOfSync`,
        isSwitchedOff ? 'its syncPolicy.automated has enabled: false' : 'its syncPolicy has no automated',
      ],
      next: kubectlArgo('patch', 'application', metadata.name, '--type=merge', '-p', JSON.stringify(patch)),
      about: ['application'],
    },
  ];
}
