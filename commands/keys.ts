import { fstatSync } from 'node:fs';
import { join } from 'node:path';
import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { openKeyPorts } from '#core/aws/keys/aws.ts';
import type { KeyOwner } from '#core/aws/keys/explain.ts';
import { type KeyPorts, QUIET_HOURS, retireKeys, rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { type KeyTenant, readKeyTenant, TENANT_FILE } from '#core/aws/keys/tenant.ts';
import { describeError, isExpected, quote, Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, main, UsageError } from './command.ts';

const options = {
  project: {
    type: 'string',
    value: 'NAME',
    help: `the prefix of the users and parameters; the project of ${TENANT_FILE} unless given`,
  },
  namespace: {
    type: 'string',
    value: 'NAME',
    help: "where the cluster's secret goes; the namespace of the overlay that reads these parameters unless given",
  },
  'quiet-hours': {
    type: 'string',
    value: 'N',
    help: `how long a key must have been unused before retire removes it; ${QUIET_HOURS} unless given`,
  },
} as const;

type Values = Readonly<Partial<Record<keyof typeof options, string>>>;

/** Whose keys they are, IAM and the parameter store, and where what is printed goes. */
interface Ports {
  readonly readTenant: () => KeyTenant;
  readonly openKeys: () => KeyPorts;
  readonly isTerminal: boolean;
  /** True for /dev/null. */
  readonly isDiscarded?: boolean;
}

/** Access keys of the two identities outside AWS. The bot's goes to the parameter store, the cluster's to kubectl. */
export const keys = defineCommand({
  name: 'npm run -s keys --',
  summary:
    'Makes a second access key for the bot or the cluster and puts it in its place, or removes one that is not in use.',
  options,
  operands: 'rotate|retire bot|cluster',
  example: 'rotate cluster | kubectl apply -f -',
  exitCodes: [
    'the key is made or removed',
    'AWS refused, a key may be in use, or a key would be shown or lost',
    'wrong usage',
  ],
  run: async ({ values, operands }, ports: Ports): Promise<CommandResult> => {
    const { readTenant, openKeys, isTerminal, isDiscarded = false } = ports;
    const [verb = '', identity = '', ...more] = operands;
    if (!['rotate', 'retire'].includes(verb) || !['bot', 'cluster'].includes(identity) || more.length > 0)
      throw new UsageError('say what to do and to whose key: rotate bot, rotate cluster, retire bot or retire cluster');
    const quietHours = readHours(values);
    const isCluster = identity === 'cluster';
    const target = findTarget(isCluster, values, readTenant());
    const owner = describeOwner(isCluster, target, values);
    if (verb === 'retire') {
      const sentence = await asSentence(retireKeys(owner, quietHours, openKeys()));
      return { exitCode: 0, stdout: '', stderr: `${sentence}\n` };
    }
    if (!owner.storesSecret) refuseLoss(owner, isTerminal, isDiscarded);
    const { key, sentence } = await asSentence(rotateKey(owner, openKeys()));
    const stdout = owner.storesSecret ? '' : renderSecret(key, target.namespace);
    return { exitCode: 0, stdout, stderr: `${sentence}\n` };
  },
});

/** Whose key it is, and the namespace that its secret goes to; the bot's goes to none. */
interface Target {
  readonly project: string;
  readonly namespace: string;
}

/** Nothing is taken for granted: the secret of one tenant would take the place of another's. */
function findTarget(isCluster: boolean, values: Values, tenant: KeyTenant): Target {
  const project = values.project ?? tenant.project;
  if (project === undefined)
    throw new UsageError(
      `--project is missing, and ${TENANT_FILE} says no project: say --project NAME, which the names of the users begin with`,
    );
  const namespace = isCluster ? (values.namespace ?? tenant.namespaces.get(project)) : '';
  if (namespace === undefined)
    throw new UsageError(
      `--namespace is missing, and no overlays/*/secret-store.yaml has the prefix /${project}/: say --namespace NAME, where the parameters of ${quote(project)} are read`,
    );
  return { project, namespace };
}

/** The commands repeat the options, so that they can be typed as they are printed. */
function describeOwner(isCluster: boolean, { project, namespace }: Target, values: Values): KeyOwner {
  const identity = isCluster ? 'cluster' : 'bot';
  const given = [
    ...(values.project === undefined ? [] : [`--project ${values.project} `]),
    ...(values.namespace === undefined || !isCluster ? [] : [`--namespace ${values.namespace} `]),
  ].join('');
  const type = (verb: string): string => `npm run -s keys -- ${given}${verb} ${identity}`;
  return {
    user: `${project}-${identity}`,
    parameter: `/${project}/${identity}_credentials`,
    storesSecret: !isCluster,
    commands: {
      rotate: isCluster ? `${type('rotate')} | kubectl apply -f -` : type('rotate'),
      retire: type('retire'),
      lookUp: `kubectl -n ${namespace} get secret aws-cluster -o jsonpath='{.data.AWS_ACCESS_KEY_ID}' | base64 -d`,
    },
  };
}

/** The secret is printed once: before it is made, there must be someone to read it. */
function refuseLoss({ commands }: KeyOwner, isTerminal: boolean, isDiscarded: boolean): void {
  if (isTerminal) throw new Refusal(`the key would be shown on this terminal: pipe it, as in ${commands.rotate}`);
  if (isDiscarded)
    throw new Refusal(
      `the key would go to /dev/null, and its secret is printed once: pipe it, as in ${commands.rotate}`,
    );
}

function readHours({ 'quiet-hours': hours = String(QUIET_HOURS) }: Values): number {
  if (!/^\d{1,4}$/.test(hours))
    throw new UsageError(`--quiet-hours: ${quote(hours)} is not a number of hours, such as 48`);
  return Number(hours);
}

/** What AWS's client throws (no credentials, a missing right) is for the person who typed the command. */
async function asSentence<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isExpected(error) ? error : new Refusal(`AWS refused: ${describeError(error)}`, { cause: error });
  }
}

/** Whether standard output is /dev/null: a device, and no terminal. */
function isDiscarded(): boolean {
  return !process.stdout.isTTY && fstatSync(1).isCharacterDevice();
}

if (import.meta.main) {
  const openKeys = (): KeyPorts => openKeyPorts(new IAMClient({}), new SSMClient({}));
  // kubectl is missing or ended before it read: the key is made, and no one has its secret
  process.stdout.on('error', () => {
    process.stderr.write('No one read the secret, which is lost. Run the same command again: it says how to go on.\n');
    process.exitCode = 1;
  });
  const readTenant = (): KeyTenant => readKeyTenant(join(import.meta.dirname, '..'));
  await main(keys, { readTenant, openKeys, isTerminal: process.stdout.isTTY, isDiscarded: isDiscarded() });
}
