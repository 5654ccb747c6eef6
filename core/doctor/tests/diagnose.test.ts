import { describe, expect, test } from '@jest/globals';
import type { CauseCode } from '#core/doctor/cause.ts';
import { diagnose } from '#core/doctor/diagnose.ts';
import type { ClusterFacts, Facts, ImageFacts } from '#core/doctor/facts.ts';
import { clusterOf, codesOf, readFacts, recorded, withCluster, withGit } from './worlds.ts';

const waits: ImageFacts['waits'] = { digest: `sha256:${'a'.repeat(64)}`, source: 'b'.repeat(40), unknown: null };

describe('what git says', () => {
  const well = readFacts('wrong-probe');
  const facts = withCluster(well, { pods: { value: [] } });
  const onPush = withGit(facts, { deploys: 'on-push' }, { waits });

  test.each<[string, Facts, string[]]>([
    ['a build that no commit brought', onPush, ['not-landed']],
    ['the same in an environment that is deployed by hand', withGit(facts, {}, { waits }), []],
    ['the same where a person has to promote', withGit(facts, { deploys: 'on-promotion' }, { waits }), []],
    ['a freeze', withGit(onPush, { freeze: 'until monday' }), ['frozen']],
    ['a hold', withGit(onPush, {}, { waits, hold: { said: 'manual, by A: x', isByHand: false } }), ['held']],
    ['a hold, and nothing that waits', withGit(facts, {}, { hold: { said: 'manual, by A: x', isByHand: false } }), []],
    ['files that cannot be read', withGit(onPush, { fault: 'holds.yaml: is not YAML' }), ['environment-unreadable']],
  ])('%s', (_name, given, codes) => {
    expect(codesOf(given)).toEqual(codes);
  });

  const run = (conclusion: string) => ({
    value: {
      workflow: 'deploy.yml',
      conclusion,
      sha: 'c'.repeat(40),
      url: 'https://github.com/acme/shop/actions/runs/42',
    },
  });
  test.each([
    ['failure', ['run-failed']],
    ['success', ['not-landed']],
    ['in_progress', ['not-landed']],
  ])('the last run ended with %s', (conclusion, codes) => {
    expect(codesOf({ ...onPush, run: run(conclusion) })).toEqual(codes);
  });

  test('a run that failed is named by its page, and run again by its id', () => {
    const [cause] = diagnose({ ...onPush, run: run('failure') }).causes;
    expect(cause?.evidence[0]).toContain('https://github.com/acme/shop/actions/runs/42');
    expect(cause?.next).toBe('gh run rerun 42 --failed');
  });

  test('GitHub that does not answer leaves the run open, and what git says is said', () => {
    const { causes, open } = diagnose({ ...onPush, run: { unknown: 'HTTP 502' } });
    expect([causes.map(({ code }) => code), open]).toEqual([['not-landed'], ['how the last run ended: HTTP 502']]);
  });

  test('a release before it is the way back from an image that is gone', () => {
    const gone = readFacts('image-gone');
    const digest = gone.git.images[0]?.digest ?? '';
    const released = withGit(gone, {}, { release: { to: digest, commit: null, hasPrevious: true } });
    expect(diagnose(released).causes[0]?.next).toBe(
      "npm run -s slipway -- rollback image-gone --image discord-bot --steps 1 --reason 'its image cannot be pulled'",
    );
  });
});

describe('what the cluster says', () => {
  const facts = readFacts('refuses-settings');
  const crashed = clusterOf(facts).lastLines[0];
  const lines = (...text: string[]): Facts =>
    withCluster(facts, {
      lastLines: [{ pod: crashed?.pod ?? '', container: crashed?.container ?? '', lines: { value: text } }],
    });

  test.each<[string, Facts, string[]]>([
    [
      'a sentence at level 60, as pino writes it without names',
      lines('{"level":60,"msg":"no token"}'),
      ['app-refuses'],
    ],
    ['a stack', lines('TypeError: x is not a function', '    at main.js:1'), ['app-crashes']],
    ['no line at all', lines(), ['app-crashes']],
    ['a program of another platform', lines('exec /usr/bin/node: exec format error'), ['wrong-platform']],
  ])('the last line of a container that ended: %s', (_name, given, codes) => {
    expect(codesOf(given)).toEqual(codes);
  });

  test('a log that may not be read is said, and the crash as well', () => {
    const unread = withCluster(facts, {
      lastLines: [{ pod: crashed?.pod ?? '', container: crashed?.container ?? '', lines: { unknown: 'forbidden' } }],
    });
    expect(diagnose(unread).causes[0]).toMatchObject({
      code: 'app-crashes',
      evidence: [expect.anything(), 'its log is not known: "forbidden"'],
    });
  });

  const walled = readFacts('walled');
  const policy = clusterOf(walled).policies;
  const rules = (egress: object[], podSelector: object = {}): Facts => {
    const [first] = 'value' in policy ? policy.value : [];
    if (first === undefined) throw new Error('the world has no policy');
    const spec = { ...first.spec, egress, podSelector: { matchExpressions: [], ...podSelector } } as typeof first.spec; // of its form
    return withCluster(walled, { policies: { value: [{ ...first, spec }] } });
  };
  const dns = { ports: [{ protocol: 'UDP', port: 53 }] };
  const https = { ports: [{ protocol: 'TCP', port: 443 }] };
  test.each<[string, Facts, CauseCode]>([
    ['nothing is open', rules([]), 'network-policy'],
    ['DNS alone is open', rules([dns]), 'network-policy'],
    ['HTTPS alone is open', rules([https]), 'network-policy'],
    ['both are: the policy does not prove it', rules([dns, https]), 'dependency-silent'],
    ['a rule without ports opens all', rules([{ ports: [] }]), 'dependency-silent'],
    [
      'a range has both',
      rules([
        { ports: [{ protocol: 'UDP', port: 1, endPort: 100 }] },
        { ports: [{ protocol: 'TCP', port: 1, endPort: 65535 }] },
      ]),
      'dependency-silent',
    ],
    [
      'it is for other pods',
      rules([], { matchLabels: { 'app.kubernetes.io/name': 'dev-sandbox' } }),
      'dependency-silent',
    ],
    [
      'it selects in a way that is not known',
      rules([], { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] }),
      'dependency-silent',
    ],
    ['policies may not be read', withCluster(walled, { policies: { unknown: 'forbidden' } }), 'dependency-silent'],
  ])('a dependency that does not answer, where %s', (_name, given, code) => {
    expect(codesOf(given)).toEqual([code]);
  });

  const { application } = clusterOf(facts);
  const own = 'value' in application ? application.value : null;
  const operation = (phase: string, message: string): Facts => {
    if (own === null) throw new Error('the world has no Application');
    const status = { ...own.status, operationState: { phase, message } };
    return withCluster(facts, { application: { value: { ...own, status } }, pods: { value: [] } });
  };
  test.each([
    ['Failed', 'one or more objects failed to apply, reason: admission webhook denied', ['sync-failed']],
    ['Running', 'one or more objects failed to apply. Retrying attempt #1', ['sync-failed']],
    ['Running', 'waiting for healthy state', []],
    [
      'Failed',
      'one or more synchronization tasks are not valid: resource rbac.authorization.k8s.io:ClusterRole is not permitted in project discord-bot',
      ['project-refuses'],
    ],
  ])('a sync that is %s: %s', (phase, message, codes) => {
    expect(codesOf(operation(phase, message))).toEqual(codes);
  });

  test.each([
    ['`kustomize build <path>/overlays/x` failed exit status 1: dial tcp: no such host', 'render-error'],
    ['failed to list refs: dial tcp 10.0.0.1:443: i/o timeout', 'git-unreachable'],
    ["fatal: could not read Username for 'https://git.example': terminal prompts disabled", 'git-unreachable'],
    ['Failed to load live state: Get "https://10.0.0.1": dial tcp: connection refused', 'argocd-error'],
    ['something that no one has seen yet', 'argocd-error'],
    ["application repo https://a.example is not permitted in project 'shop'", 'project-refuses'],
  ])('Argo CD says: %s', (message, code) => {
    if (own === null) throw new Error('the world has no Application');
    const status = { ...own.status, conditions: [{ type: 'ComparisonError', message }] };
    expect(codesOf(withCluster(facts, { application: { value: { ...own, status } }, pods: { value: [] } }))).toEqual([
      code,
    ]);
  });

  test('of several sources, the one that strays is shown; a patch could not name it', () => {
    if (own === null) throw new Error('the world has no Application');
    const { source, ...spec } = own.spec;
    const sources = [{ repoURL: 'x', path: 'overlays/other' }];
    const several = { ...own, spec: { ...spec, sources } };
    const [cause] = diagnose(withCluster(facts, { application: { value: several }, pods: { value: [] } })).causes;
    expect([cause?.code, cause?.next]).toEqual([
      'application-path',
      "kubectl -n argocd get application refuses-settings -o 'jsonpath={.spec.sources}'",
    ]);
    expect(source).toBeDefined();
  });

  test('a sync that failed once, where all is well by now', () => {
    if (own === null) throw new Error('the world has no Application');
    const operationState = { phase: 'Failed', message: 'one or more objects failed to apply' };
    const status = { ...own.status, operationState, sync: { status: 'Synced' }, health: { status: 'Healthy' } };
    expect(codesOf(withCluster(facts, { application: { value: { ...own, status } }, pods: { value: [] } }))).toEqual(
      [],
    );
  });

  test('the overlay says another digest than the Deployment: not synced, until a cause of it is known', () => {
    const late = withGit(withCluster(facts, { pods: { value: [] } }), {}, { digest: `sha256:${'e'.repeat(64)}` });
    expect(codesOf(late)).toEqual(['not-synced']);
    expect(codesOf(withGit(facts, {}, { digest: `sha256:${'e'.repeat(64)}` }))).toEqual(['app-refuses']);
  });

  test('a Deployment that is paused', () => {
    const { deployments } = clusterOf(facts);
    const [first] = 'value' in deployments ? deployments.value : [];
    if (first === undefined) throw new Error('the world has no Deployment');
    const paused = withCluster(facts, {
      pods: { value: [] },
      deployments: { value: [{ ...first, spec: { ...first.spec, paused: true } }] },
    });
    expect(codesOf(paused)).toEqual(['deployment-paused']);
  });
});

describe('several at once', () => {
  test('two roots are both named, the earlier on the way first', () => {
    const facts = readFacts('memory');
    const held = withGit(facts, { deploys: 'on-push' }, { waits, hold: { said: 'manual, by A: x', isByHand: false } });
    expect(codesOf(held)).toEqual(['held', 'out-of-memory']);
  });
});

describe('what is not known', () => {
  const unknown = { unknown: 'Error from server (Forbidden): pods is forbidden' };
  test('without the cluster, what git proves is said, and that the cluster was not asked', () => {
    const { causes, open } = diagnose({
      ...readFacts('production'),
      cluster: { unknown: 'kubectl could not be started: not found on PATH' },
    });
    expect([causes.map(({ code }) => code), open]).toEqual([
      ['never-released'],
      ['the cluster: kubectl could not be started: not found on PATH'],
    ]);
  });

  test.each([
    'application',
    'namespace',
    'deployments',
    'replicaSets',
    'pods',
    'events',
    'claims',
    'policies',
    'externalSecrets',
    'secretStores',
    'secrets',
  ] as const)('without %s nothing is named that only they prove', (kind) => {
    for (const name of recorded) {
      const facts = withCluster(readFacts(name), { [kind]: unknown } as Partial<ClusterFacts>); // each may be unknown
      const { causes, open } = diagnose(facts);
      expect([
        name,
        causes
          .map(({ code }) => code)
          .filter((code) => !codesOf(readFacts(name)).includes(code) && !LESS[code]?.includes(name)),
      ]).toEqual([name, []]);
      expect(open.join('\n')).toContain('Forbidden');
    }
  });

  /** Coarser causes that the facts which are left still prove. */
  const LESS: Readonly<Record<string, readonly string[]>> = {
    'dependency-silent': ['walled'],
    'pull-denied': ['pull-secret-gone'],
    'secret-missing': ['parameter-gone'],
    'no-node-fits': ['claim-unbound'],
    'sync-failed': ['no-namespace'],
    'git-unreachable': ['staging'],
  };
});
