import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Change } from '#lab/world.ts';

/** After so many minutes without a final word, reconcile.yml calls a release unknown; the tenant's own has 15. */
export const DEADLINE_MINUTES = 2;
/** With these words in its server, a bot's image fails the hook after the sync. */
export const FAILS_AFTER_SYNC = 'the migration of this version fails';

/** The tenant in a hurry: a short deadline; and its project allows Jobs, for the hook. */
export function hurry(clone: string): void {
  const edit = (path: string, from: RegExp, to: string): void => {
    const before = readFileSync(join(clone, path), 'utf8');
    if (!from.test(before)) throw new Error(`${path} has no ${from.source}: has its form changed?`);
    writeFileSync(join(clone, path), before.replace(from, to));
  };
  edit('.github/workflows/reconcile.yml', /^( +)app: .*SLIPWAY_APP.*\n/m, `$&$1deadline: ${DEADLINE_MINUTES}\n`);
  edit('argocd/project.yaml', /^( +)- \{group: batch, kind: CronJob\}\n/m, '$&$1- {group: batch, kind: Job}\n');
}

/** Returns the change that adds a Job after each sync of staging, as a person would push it. */
export function addHook(): Change {
  return {
    files: {
      'overlays/staging/after-sync.yaml': stringify(AFTER_SYNC, { lineWidth: 0 }),
      'overlays/staging/kustomization.yaml': (text) => text.replace(/^( +)- reach.yaml\n/m, '$&$1- after-sync.yaml\n'),
    },
    message: 'A migration after each sync',
  };
}

/** A hook as a migration is one: by the image that was synced, once the sync is healthy. */
const AFTER_SYNC = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: {
    name: 'after-sync',
    annotations: {
      'argocd.argoproj.io/hook': 'PostSync',
      'argocd.argoproj.io/hook-delete-policy': 'BeforeHookCreation',
    },
  },
  spec: {
    backoffLimit: 0,
    template: {
      spec: {
        restartPolicy: 'Never',
        automountServiceAccountToken: false,
        imagePullSecrets: [{ name: 'ecr-registry' }],
        securityContext: { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } },
        containers: [
          {
            name: 'after-sync',
            image: 'discord-bot',
            command: ['node', '-e'],
            args: [
              `process.exitCode = fs.readFileSync('/app/src/server.ts', 'utf8').includes('${FAILS_AFTER_SYNC}') ? 1 : 0`,
            ],
            resources: { limits: { cpu: '200m', memory: '128Mi', 'ephemeral-storage': '64Mi' } },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      },
    },
  },
};

/** Refuses every change of the bot's Deployment in a namespace, as a policy that someone forgot does. */
export function describeRefusal(namespace: string): readonly object[] {
  const group = 'admissionregistration.k8s.io/v1';
  const metadata = { name: 'no-new-bot' };
  const rule = {
    apiGroups: ['apps'],
    apiVersions: ['v1'],
    operations: ['CREATE', 'UPDATE'],
    resources: ['deployments'],
  };
  return [
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicy',
      metadata,
      spec: {
        failurePolicy: 'Fail',
        matchConstraints: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
          resourceRules: [rule],
        },
        validations: [{ expression: "object.metadata.name != 'discord-bot'", message: 'no new bot today' }],
      },
    },
    {
      apiVersion: group,
      kind: 'ValidatingAdmissionPolicyBinding',
      metadata,
      spec: { policyName: metadata.name, validationActions: ['Deny'] },
    },
  ];
}
