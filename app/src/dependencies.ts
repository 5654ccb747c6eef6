import type { Check } from './checks.ts';
import type { Configuration, Dependency } from './configuration.ts';

type Probe = (signal: AbortSignal) => Promise<string | undefined>;

/** Asks AWS about one table or queue. */
interface Prober {
  readonly table: (name: string, signal: AbortSignal) => Promise<string | undefined>;
  readonly queue: (url: string, signal: AbortSignal) => Promise<string | undefined>;
}

/** Returns a check for every dependency and every setting; those that are not set say that they are not configured. */
export function createDependencyChecks({ dependencies, region, settings }: Configuration): Check[] {
  let prober: Promise<Prober> | undefined;
  const probeOf = ({ kind, location }: Dependency): Probe | undefined => {
    if (location === undefined || region === undefined) return undefined;
    return async (signal) => {
      prober ??= openProber(region);
      return (await prober)[kind](location, signal);
    };
  };
  const checks = dependencies.map((dependency) => ({
    name: `${dependency.kind} ${dependency.name}`,
    variable: dependency.variable,
    probe: probeOf(dependency),
  }));
  // a setting's form was checked at the start: it is there, or it is not
  const present = settings.map(({ variable, isSet }) => ({
    name: `setting ${variable}`,
    variable,
    probe: isSet ? async () => undefined : undefined,
  }));
  return [...checks, ...present];
}

/** Loads the AWS SDK when the first dependency is asked: a process without any starts in a third of the time. */
async function openProber(region: string): Promise<Prober> {
  const [{ DynamoDBClient, DescribeTableCommand }, { SQSClient, GetQueueAttributesCommand }] = await Promise.all([
    import('@aws-sdk/client-dynamodb'),
    import('@aws-sdk/client-sqs'),
  ]);
  // a probe that fails is repeated by who probes
  const dynamodb = new DynamoDBClient({ region, maxAttempts: 1 });
  // the region, or AWS_ENDPOINT_URL, says where SQS is: by default the SDK believes the queue's URL
  const sqs = new SQSClient({ region, maxAttempts: 1, useQueueUrlAsEndpoint: false });
  return {
    table: (name, abortSignal) =>
      explain(`table ${name} in ${region}`, 'dynamodb:DescribeTable', async () => {
        const answer = await dynamodb.send(new DescribeTableCommand({ TableName: name }), { abortSignal });
        const status = answer.Table?.TableStatus;
        return status === 'ACTIVE' || status === 'UPDATING' ? undefined : `table ${name} is ${status}, not ACTIVE`;
      }),
    queue: (url, abortSignal) =>
      explain(`queue ${new URL(url).pathname} in ${region}`, 'sqs:GetQueueAttributes', async () => {
        const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] });
        await sqs.send(command, { abortSignal });
        return undefined;
      }),
  };
}

/** Turns what the SDK throws into a sentence: by the error's name only, its message may hold what is not for everyone. */
async function explain(
  what: string,
  permission: string,
  ask: () => Promise<string | undefined>,
): Promise<string | undefined> {
  try {
    return await ask();
  } catch (error) {
    const name = error instanceof Error ? error.name : 'unknown error';
    if (/ResourceNotFound|QueueDoesNotExist|NonExistentQueue/.test(name)) return `${what} does not exist (${name})`;
    if (/AccessDenied/.test(name)) return `${what} may not be read: the bot's identity lacks ${permission} (${name})`;
    if (/Credentials|UnrecognizedClient|InvalidClientTokenId|InvalidSignature|ExpiredToken/.test(name))
      return `${what} cannot be asked: the AWS credentials are missing or wrong (${name})`;
    return `${what} does not answer (${name})`;
  }
}
