import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseAllDocuments } from 'yaml';
import { installArgoCD } from '#lab/cluster/argocd.ts';
import { startNotifications } from '#lab/cluster/argocd-processes.ts';
import { startControlPlane } from '#lab/cluster/control-plane.ts';
import { createPodNetwork } from '#lab/cluster/network.ts';
import { type GitHub, startGitHub } from '#lab/github/github.ts';
import type { StatusRecord } from '#lab/github/rest/statuses.ts';
import { type Commit, DIGESTS, type Situation, type Step } from '#lab/notifications/situations.ts';
import { NOTIFICATIONS } from '#lab/seed.ts';
import type { Lab } from '#lab/supervisor/lab.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { Toolbox } from '#lab/toolbox/toolbox.ts';

/** Argo CD's notifications controller alone, over Applications whose state a test writes. */
export interface Replay {
  readonly github: GitHub;
  readonly commits: Readonly<Record<Commit, string>>;
  readonly kubeconfig: string;
  /** The App's own private key, whatever the Secret has. */
  readonly privateKey: string;
  /** Lets an Application go through a situation's steps. */
  play(situation: Situation): Promise<void>;
  /** Statuses of an Application, in the order of their ids. */
  said(situation: Situation): StatusRecord[];
}

const REGISTRY = '123456789012.dkr.ecr.ca-central-1.amazonaws.com/discord-bot';
/** Long enough for the controller to look at an Application; a status that is expected is waited for. */
const LOOK_MS = 4_000;
const SAID_WITHIN_MS = 60_000;

/** Options of {@link openReplay}. */
export interface ReplayOptions {
  /** Changes the settings before they are applied, as a person would. */
  readonly edit?: (text: string) => string;
  /** Added to the Secret. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** Returns where the controller finds GitHub, which is at `url`; at `url` itself unless given. */
  readonly way?: (url: string) => Promise<Way>;
}

/** What is between the controller and GitHub. */
export interface Way {
  readonly url: string;
  /** How many notifications about an Application the controller was told to have arrived. */
  countTaken(application: string): number;
}

/** Starts etcd, the API server, GitHub's stand-in and the controller. */
export async function openReplay(
  lab: Lab,
  toolbox: Toolbox,
  { edit, secrets = {}, way: openWay }: ReplayOptions = {},
): Promise<Replay> {
  const github = await startGitHub(lab, toolbox, { repository: 'acme/tenant' });
  const commits = await makeCommits(lab, github);
  const app = github.registerApp('acme-slipway', { statuses: 'write' });
  const { gateway } = await createPodNetwork(lab);
  const { kubeconfig } = await startControlPlane(lab, toolbox, gateway);
  const kubectl = async (args: readonly string[], input?: string): Promise<string> => {
    const argv: [string, ...string[]] = [toolbox.tool('kubectl'), `--kubeconfig=${kubeconfig}`, ...args];
    return (await lab.exec(argv, input === undefined ? {} : { input })).stdout.toString('utf8');
  };
  const apply = async (objects: readonly unknown[]): Promise<void> => {
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], list);
  };
  const repository = { url: github.cloneUrl, username: 'octocat', password: github.userToken };
  await installArgoCD(toolbox, { kubectl, apply }, { repository, privateKey: app.privateKey });
  const way = await openWay?.(github.url);
  const text = readFileSync(join(repositoryRoot, NOTIFICATIONS), 'utf8')
    .replace(/^( +)appID: .*$/m, `$1enterpriseBaseURL: ${way?.url ?? github.url}/api/v3\n$1appID: ${app.id}`)
    .replace(/^( +)installationID: .*$/m, `$1installationID: ${app.installation}`);
  await apply(parseAllDocuments((edit ?? ((same) => same))(text)).map((document): unknown => document.toJS()));
  for (const [key, value] of Object.entries(secrets))
    await kubectl([
      'patch',
      'secret',
      '-n',
      'argocd',
      'argocd-notifications-secret',
      '--type=merge',
      '-p',
      JSON.stringify({ stringData: { [key]: value } }),
    ]);
  await startNotifications(lab, toolbox, kubeconfig);
  const said: Replay['said'] = ({ name }) =>
    github.rest.statuses.filter(({ context }) => context === `argocd/${name}` || context === `argocd/${name}/render`);
  return {
    ...{ github, commits, kubeconfig, said },
    privateKey: app.privateKey,
    play: (situation) => play(situation, { commits, kubectl, apply, said, way, url: github.cloneUrl }),
  };
}

/** Four commits, one after the other, which are the same in every run. */
async function makeCommits(lab: Lab, github: GitHub): Promise<Replay['commits']> {
  const clone = lab.folder('clone');
  const when = '2026-11-27T16:00:00Z';
  const who = ['-c', 'user.name=A Person', '-c', 'user.email=person@example.com'];
  const git = async (...args: string[]): Promise<string> =>
    (
      await lab.exec(['git', '-C', clone, ...who, ...args], {
        env: { ...lab.env, GIT_AUTHOR_DATE: when, GIT_COMMITTER_DATE: when },
      })
    ).stdout
      .toString('utf8')
      .trim();
  await git('init', '--quiet', '--initial-branch=main');
  const commits: [Commit, string][] = [];
  for (const name of ['p', 'b1', 'b2', 'r'] as const) {
    await git('commit', '--quiet', '--allow-empty', '--message', name);
    commits.push([name, await git('rev-parse', 'HEAD')]);
  }
  await git('push', '--quiet', github.remote, 'HEAD:main');
  return Object.fromEntries(commits) as Record<Commit, string>; // one for each
}

interface Stage extends Pick<Replay, 'commits' | 'said'> {
  readonly kubectl: (args: readonly string[], input?: string) => Promise<string>;
  readonly apply: (objects: readonly unknown[]) => Promise<void>;
  readonly url: string;
  readonly way: Way | undefined;
}

async function play(situation: Situation, stage: Stage): Promise<void> {
  const { name, steps } = situation;
  if (steps.length === 0) return;
  let count = 0;
  for (const [index, step] of steps.entries()) {
    const status = describeStatus(step, stage.commits);
    if (index === 0) await stage.apply([describeApplication(situation, stage.url, status)]);
    else if (step.isDeleted === true)
      await stage.kubectl(['delete', 'application', '-n', 'argocd', name, '--wait=false']);
    else
      await stage.kubectl([
        'patch',
        'application',
        '-n',
        'argocd',
        name,
        '--type=merge',
        '-p',
        JSON.stringify({ status }),
      ]);
    const more = step.says ?? (index === 0 ? 2 : 1);
    count += more;
    if (more === 0) await sleep(LOOK_MS);
    else if (stage.way === undefined) await waitUntil(() => stage.said(situation).length >= count);
    else await waitOnWay(name, count, stage.way, stage);
  }
}

/** Gives up without a word: what is missing is a test's to say. */
async function waitUntil(isSo: () => boolean, withinMs = SAID_WITHIN_MS): Promise<void> {
  for (const limit = performance.now() + withinMs; !isSo() && performance.now() < limit; ) await sleep(100);
}

/** What failed is sent again when the controller looks at the Application again, which any change of it brings about. */
async function waitOnWay(name: string, count: number, way: Way, { kubectl }: Stage): Promise<void> {
  const isSaid = (): boolean => way.countTaken(name) >= count;
  const limit = performance.now() + SAID_WITHIN_MS;
  for (let look = 1; performance.now() < limit; look++) {
    await waitUntil(isSaid, LOOK_MS);
    if (isSaid()) break;
    await kubectl(['annotate', 'application', '-n', 'argocd', name, `looked-at=${look}`, '--overwrite']);
  }
  await sleep(1_100); // Argo CD's times have whole seconds, and no two operations of an Application have the same
}

function describeApplication({ name, isUnsubscribed }: Situation, repoURL: string, status: unknown): unknown {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: {
      ...{ name, namespace: 'argocd', finalizers: ['resources-finalizer.argocd.argoproj.io'] },
      annotations: isUnsubscribed === true ? {} : { 'notifications.argoproj.io/subscribe.slipway.github': '' },
    },
    spec: {
      project: 'default',
      source: { repoURL, targetRevision: 'main', path: 'overlays/production' },
      destination: { server: 'https://kubernetes.default.svc', namespace: 'discord-bot' },
      syncPolicy: { automated: { prune: true, selfHeal: true } },
    },
    status,
  };
}

/** What the application controller writes; a merge patch, so what is gone is null. */
function describeStatus(step: Step, commits: Replay['commits']): unknown {
  const { phase = 'Succeeded', synced = 'p', sync = 'Synced', health = 'Healthy', conditions = [] } = step;
  const finished = new Date(Date.now() - (step.finished ?? 2) * 1000);
  const [finishedAt, startedAt] = [finished, new Date(finished.getTime() - 2_000)].map(
    (time) => `${time.toISOString().slice(0, 19)}Z`,
  );
  const revisionOf = (commit: string): string => (commit in commits ? commits[commit as Commit] : commit);
  const known = synced in DIGESTS ? [synced as Commit] : (['p'] as const);
  const source = { repoURL: 'https://github.com/acme/tenant.git', path: 'overlays/production' };
  const isOver = phase !== 'Running';
  const reconciledAt = `${new Date(Date.now() + 1000).toISOString().slice(0, 19)}Z`;
  return {
    reconciledAt: isOver ? reconciledAt : null,
    sync: { status: sync, revision: revisionOf(step.compared ?? synced), comparedTo: { source, destination: {} } },
    health: { status: health },
    conditions: conditions.map((type) => ({ type, message: 'it says why' })),
    summary: { images: (step.pods ?? known).map((commit) => imageOf(commit)) },
    operationState: {
      operation: { sync: { revision: revisionOf(synced) } },
      ...{ phase, message: step.message ?? '', startedAt, finishedAt: isOver ? finishedAt : null },
      retryCount: step.retries ?? 0,
      syncResult: { revision: revisionOf(synced), source, resources: describeResources(step, known[0] ?? 'p') },
    },
  };
}

function describeResources(step: Step, commit: Commit): unknown[] {
  const one = (kind: string, name: string, rest: object) => ({
    ...{
      group: kind === 'ConfigMap' ? '' : 'apps',
      version: 'v1',
      kind,
      namespace: 'discord-bot',
      name,
      status: 'Synced',
    },
    ...{ syncPhase: 'Sync', ...rest },
  });
  const settings = one('ConfigMap', 'settings', {});
  if (step.isPartial === true) return [settings];
  const hook = {
    hookType: 'PostSync',
    hookPhase: step.hook,
    images: ['registry.example/migrate:1'],
    status: undefined,
  };
  return [
    settings,
    one('Deployment', 'discord-bot', { images: [imageOf(commit)] }),
    ...(step.pruned === undefined
      ? []
      : [one('Deployment', 'gone', { images: [imageOf(step.pruned)], status: 'Pruned' })]),
    ...(step.hook === undefined ? [] : [one('Job', 'migrate', hook)]),
  ];
}

function imageOf(commit: Commit): string {
  return `${REGISTRY}@sha256:${DIGESTS[commit]}`;
}
