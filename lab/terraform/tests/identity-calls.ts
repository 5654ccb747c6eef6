import { ACCOUNT, REGION } from '#lab/aws/moto.ts';

/** A call of an AWS API by one of the two identities. */
export type IdentityCall = readonly [identity: 'bot' | 'cluster', action: string, resource: string];

const arn = (service: string, rest: string, region = REGION) => `arn:aws:${service}:${region}:${ACCOUNT}:${rest}`;
const table = (name: string) => arn('dynamodb', `table/${name}`);
const tables = ['discord_sessions', 'discord_executions', 'discord-messages', 'chat_history'];
const queues = ['agentic-events', 'discord-messages'];
const repository = (name: string) => arn('ecr', `repository/${name}`);

/** Calls that the bot and the cluster need. */
export const needed: readonly IdentityCall[] = [
  ...tables.flatMap((name) =>
    ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'BatchGetItem', 'BatchWriteItem', 'DescribeTable'].map(
      (call) => ['bot', `dynamodb:${call}`, table(name)] as IdentityCall,
    ),
  ),
  ['bot', 'dynamodb:Query', table('discord_executions/index/thread_id-index')],
  ['bot', 'dynamodb:Query', table('discord-messages/index/TimestampIndex')],
  ['bot', 'dynamodb:Query', table('discord-messages/index/DayIndex')],
  ...queues.flatMap((name) =>
    ['SendMessage', 'ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes', 'GetQueueUrl'].map(
      (call) => ['bot', `sqs:${call}`, arn('sqs', name)] as IdentityCall,
    ),
  ),
  ['cluster', 'ecr:GetAuthorizationToken', '*'],
  ...['discord-bot', 'dev-sandbox'].flatMap((name) =>
    ['BatchGetImage', 'GetDownloadUrlForLayer', 'BatchCheckLayerAvailability'].map(
      (call) => ['cluster', `ecr:${call}`, repository(name)] as IdentityCall,
    ),
  ),
  ['cluster', 'ssm:GetParameter', arn('ssm', 'parameter/discord-bot/discord_token')],
  ['cluster', 'ssm:GetParametersByPath', arn('ssm', 'parameter/discord-bot')],
];

/** Calls that neither must be able to make; widening any statement of their policies lets one of them in. */
export const denied: readonly IdentityCall[] = [
  ['bot', 'dynamodb:GetItem', table('other')],
  ['bot', 'dynamodb:GetItem', table('discord_sessions2')],
  ['bot', 'dynamodb:GetItem', arn('dynamodb', 'table/discord_sessions', 'eu-west-1')],
  ['bot', 'dynamodb:Scan', table('other/index/thread_id-index')],
  ['bot', 'dynamodb:Query', table('second-messages/index/TimestampIndex')],
  ['bot', 'dynamodb:PutItem', table('discord_executions/index/thread_id-index')],
  ...[
    'DeleteTable',
    'UpdateTable',
    'CreateTable',
    'UpdateTimeToLive',
    'UpdateContinuousBackups',
    'CreateBackup',
    'RestoreTableToPointInTime',
    'ExportTableToPointInTime',
    'PartiQLSelect',
    'TagResource',
  ].map((call) => ['bot', `dynamodb:${call}`, table('discord-messages')] as IdentityCall),
  ['bot', 'dynamodb:ListTables', '*'],
  ['bot', 'sqs:SendMessage', arn('sqs', 'other')],
  ['bot', 'sqs:SendMessage', arn('sqs', 'agentic-events-dlq')],
  ['bot', 'sqs:ReceiveMessage', arn('sqs', 'discord-messages-dlq')],
  ...[
    'PurgeQueue',
    'DeleteQueue',
    'SetQueueAttributes',
    'CreateQueue',
    'ChangeMessageVisibility',
    'AddPermission',
    'StartMessageMoveTask',
  ].map((call) => ['bot', `sqs:${call}`, arn('sqs', 'agentic-events')] as IdentityCall),
  ['bot', 'sqs:ListQueues', '*'],
  ['bot', 'ssm:GetParameter', arn('ssm', 'parameter/discord-bot/discord_token')],
  ['bot', 'ecr:GetAuthorizationToken', '*'],
  ['bot', 'ecr:BatchGetImage', repository('discord-bot')],
  ['bot', 's3:GetObject', 'arn:aws:s3:::discord-bot-state-123456789012/aws/terraform.tfstate'],
  ['bot', 'iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/discord-bot-bot`],
  ['bot', 'iam:PutUserPolicy', `arn:aws:iam::${ACCOUNT}:user/discord-bot-bot`],
  ['bot', 'sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/discord-bot-apply`],
  ['bot', 'kms:Decrypt', '*'],
  ['cluster', 'dynamodb:GetItem', table('discord_sessions')],
  ['cluster', 'sqs:ReceiveMessage', arn('sqs', 'agentic-events')],
  ...[
    'PutImage',
    'InitiateLayerUpload',
    'UploadLayerPart',
    'CompleteLayerUpload',
    'BatchDeleteImage',
    'DeleteRepository',
    'PutLifecyclePolicy',
    'SetRepositoryPolicy',
    'DescribeImages',
  ].map((call) => ['cluster', `ecr:${call}`, repository('discord-bot')] as IdentityCall),
  ['cluster', 'ecr:BatchGetImage', repository('other')],
  ['cluster', 'ecr:BatchGetImage', repository('discord-bot-2')],
  ['cluster', 'ecr:CreateRepository', '*'],
  ['cluster', 'ssm:GetParameter', arn('ssm', 'parameter/second-bot/discord_token')],
  ['cluster', 'ssm:GetParameter', arn('ssm', 'parameter/discord-bot2/discord_token')],
  ['cluster', 'ssm:PutParameter', arn('ssm', 'parameter/discord-bot/discord_token')],
  ['cluster', 'ssm:DeleteParameter', arn('ssm', 'parameter/discord-bot/discord_token')],
  ['cluster', 'ssm:DescribeParameters', '*'],
  ['cluster', 'iam:CreateAccessKey', `arn:aws:iam::${ACCOUNT}:user/discord-bot-cluster`],
  ['cluster', 'sts:AssumeRole', `arn:aws:iam::${ACCOUNT}:role/discord-bot-apply`],
  ['cluster', 'ec2:DescribeInstances', '*'],
];
