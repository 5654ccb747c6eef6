import { z } from 'zod';

/** Runs the AWS command line and returns its JSON. */
export type AskAws = (...args: string[]) => Promise<unknown>;

/** What a stack can make, by the call that lists it, and where its names are in the answer. */
const REGIONAL: readonly (readonly [service: string, call: string, names: string])[] = [
  ['dynamodb', 'list-tables', 'TableNames'],
  ['sqs', 'list-queues', 'QueueUrls'],
  ['cloudwatch', 'describe-alarms', 'MetricAlarms[].AlarmName'],
  ['ecr', 'describe-repositories', 'repositories[].repositoryName'],
  ['ssm', 'describe-parameters', 'Parameters[].Name'],
  ['sns', 'list-topics', 'Topics[].TopicArn'],
];
const GLOBAL: typeof REGIONAL = [
  ['iam', 'list-users', 'Users[].UserName'],
  ['iam', 'list-roles', 'Roles[].RoleName'],
  ['iam', 'list-open-id-connect-providers', 'OpenIDConnectProviderList[].Arn'],
  ['s3api', 'list-buckets', 'Buckets[].Name'],
];

/** Returns the names of everything in a region, and of what the account has in all regions. */
export async function listEverything(aws: AskAws, region: string): Promise<{ regional: string[]; global: string[] }> {
  const names = z.array(z.string()).nullable();
  const ask = async (calls: typeof REGIONAL, more: readonly string[] = []): Promise<string[]> => {
    const answers = await Promise.all(
      calls.map(([service, call, query]) => aws(service, call, '--region', region, '--query', query, ...more)),
    );
    return answers.flatMap((answer) => names.parse(answer) ?? []);
  };
  const policies = await ask([['iam', 'list-policies', 'Policies[].PolicyName']], ['--scope', 'Local']);
  return { regional: await ask(REGIONAL), global: [...(await ask(GLOBAL)), ...policies] };
}
