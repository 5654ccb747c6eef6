import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { IAMClient } from '@aws-sdk/client-iam';
import { SSMClient } from '@aws-sdk/client-ssm';
import { openKeyPorts } from '#core/aws/keys/aws.ts';
import { retireKeys, rotateKey } from '#core/aws/keys/rotate.ts';
import { renderSecret } from '#core/aws/keys/secret.ts';
import { describeError } from '#core/values/errors.ts';

const USAGE = `npm run -s keys -- rotate bot|cluster [--project discord-bot] [--namespace discord-bot]
       npm run -s keys -- retire bot|cluster [--project discord-bot]`;

/**
 * Access keys of the two identities outside AWS. The bot's goes to the parameter store, the cluster's to kubectl:
 * npm run -s keys -- rotate cluster | kubectl apply -f -
 */
async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      project: { type: 'string', default: 'discord-bot' },
      namespace: { type: 'string', default: 'discord-bot' },
    },
  });
  const [verb, identity] = positionals;
  if ((verb !== 'rotate' && verb !== 'retire') || (identity !== 'bot' && identity !== 'cluster'))
    throw new Error(`usage: ${USAGE}`);
  const ports = openKeyPorts(new IAMClient({}), new SSMClient({}));
  const owner = { user: `${values.project}-${identity}`, parameter: `/${values.project}/${identity}_credentials` };
  if (verb === 'retire') return console.error(await retireKeys(owner, ports));
  if (identity === 'cluster' && process.stdout.isTTY)
    throw new Error(
      'the key would be shown on this terminal: pipe it, as in npm run -s keys -- rotate cluster | kubectl apply -f -',
    );
  const { key, sentence } = await rotateKey(owner, identity === 'bot', ports);
  if (identity === 'cluster') process.stdout.write(renderSecret(key, values.namespace));
  console.error(sentence);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    await main();
  } catch (error) {
    console.error(describeError(error));
    process.exitCode = 1;
  }
}
