import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { openKeyPorts } from '#core/aws/keys/aws.ts';
import { type KeyPorts, retireKeys, rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { describeError, isExpected, Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, main, UsageError } from './command.ts';

const options = {
  project: { type: 'string', value: 'NAME', help: 'the prefix of the users and parameters; discord-bot unless given' },
  namespace: { type: 'string', value: 'NAME', help: "where the cluster's secret goes; discord-bot unless given" },
} as const;

/** IAM and the parameter store, and whether what is printed is seen by a person. */
interface Ports {
  readonly openKeys: () => KeyPorts;
  readonly isTerminal: boolean;
}

/** Access keys of the two identities outside AWS. The bot's goes to the parameter store, the cluster's to kubectl. */
export const keys = defineCommand({
  name: 'npm run -s keys --',
  summary: 'Makes a second access key for the bot or the cluster and puts it in its place, or removes the first.',
  options,
  operands: 'rotate|retire bot|cluster',
  example: 'rotate cluster | kubectl apply -f -',
  exitCodes: ['the key is made or removed', 'AWS refused, or a key would be shown on the terminal', 'wrong usage'],
  run: async ({ values, operands }, { openKeys, isTerminal }: Ports): Promise<CommandResult> => {
    const [verb = '', identity = '', ...more] = operands;
    if (!['rotate', 'retire'].includes(verb) || !['bot', 'cluster'].includes(identity) || more.length > 0)
      throw new UsageError('say what to do and to whose key: rotate bot, rotate cluster, retire bot or retire cluster');
    const { project = 'discord-bot', namespace = 'discord-bot' } = values;
    const owner = { user: `${project}-${identity}`, parameter: `/${project}/${identity}_credentials` };
    if (verb === 'retire') {
      const sentence = await asSentence(retireKeys(owner, openKeys()));
      return { exitCode: 0, stdout: '', stderr: `${sentence}\n` };
    }
    const isCluster = identity === 'cluster';
    if (isCluster && isTerminal)
      throw new Refusal(
        'the key would be shown on this terminal: pipe it, as in npm run -s keys -- rotate cluster | kubectl apply -f -',
      );
    const { key, sentence } = await asSentence(rotateKey(owner, !isCluster, openKeys()));
    return { exitCode: 0, stdout: isCluster ? renderSecret(key, namespace) : '', stderr: `${sentence}\n` };
  },
});

/** What AWS's client throws (no credentials, a missing right) is for the person who typed the command. */
async function asSentence<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw isExpected(error) ? error : new Refusal(`AWS refused: ${describeError(error)}`, { cause: error });
  }
}

if (import.meta.main) {
  const openKeys = (): KeyPorts => openKeyPorts(new IAMClient({}), new SSMClient({}));
  await main(keys, { openKeys, isTerminal: process.stdout.isTTY });
}
