import { callsOf, type Estate, type IdentityCall, underBoundary } from '#lab/terraform/tests/identity-calls.ts';

const SETTINGS = ['discord_bot_id', 'discord_guild_id', 'litellm_base_url'];
const SECRETS = ['discord_token', 'litellm_api_key'];
const DELIVERED = ['bot_credentials', ...SETTINGS, ...SECRETS];
const TABLE_KEY = { 'kms:ResourceAliases': ['alias/aws/dynamodb'] };

/**
 * Returns every call that the tenant's identities need. Those of plan and apply are what provider 5.100.0 logs when it
 * applies, refreshes and destroys the stacks; a right that no row here needs is taken out.
 */
export function neededCalls(of: Estate): IdentityCall[] {
  const ofUsers = [...ofBot(of), ...ofCluster(of)];
  const delivered = DELIVERED.flatMap((name) => of.parameters(name));
  const bounded = [
    ...ofUsers.map((call) => ({ ...call, identity: 'bounded' as const })),
    ...callsOf('bounded', 'ssm', 'GetParameter GetParameters', delivered),
  ];
  return [...ofPlan(of), ...ofApply(of), ...ofImages(of), ...ofUsers, ...bounded];
}

function refreshOfAws(identity: 'plan' | 'apply', of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources?: string | readonly string[]): IdentityCall[] =>
    callsOf(identity, service, actions, resources);
  return [
    ...call('s3', 'ListBucket', of.bucket),
    ...call('dynamodb', 'DescribeContinuousBackups DescribeTable DescribeTimeToLive ListTagsOfResource', of.tables),
    ...callsOf(identity, 'kms', 'DescribeKey', of.tableKey, TABLE_KEY),
    ...call('sqs', 'GetQueueAttributes ListQueueTags', [...of.queues, ...of.deadLetters]),
    ...call('cloudwatch', 'DescribeAlarms ListTagsForResource', of.alarms),
    ...call('ecr', 'DescribeRepositories GetLifecyclePolicy ListTagsForResource', of.repositories),
    ...call('iam', 'GetUser GetUserPolicy', of.users),
    ...call(
      'ssm',
      'GetParameter ListTagsForResource',
      SETTINGS.flatMap((name) => of.parameters(name)),
    ),
    ...call('ssm', 'DescribeParameters'),
  ];
}

function ofPlan(of: Estate): IdentityCall[] {
  const bucketReads =
    'GetAccelerateConfiguration GetBucketAcl GetBucketCORS GetBucketLogging GetBucketObjectLockConfiguration GetBucketPolicy GetBucketPublicAccessBlock GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetEncryptionConfiguration GetLifecycleConfiguration GetReplicationConfiguration';
  return [
    ...refreshOfAws('plan', of),
    ...callsOf(
      'plan',
      's3',
      'GetObject',
      ['aws', 'bootstrap', 'secrets'].map((stack) => of.state(stack)),
    ),
    ...callsOf('plan', 's3', bucketReads, of.bucket),
    ...callsOf('plan', 'iam', 'GetRole GetRolePolicy ListAttachedRolePolicies ListRolePolicies', of.roles),
    ...callsOf('plan', 'iam', 'GetPolicy GetPolicyVersion', of.boundary),
    ...callsOf('plan', 'iam', 'GetOpenIDConnectProvider', of.provider),
  ];
}

function ofApply(of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf('apply', service, actions, resources);
  const states = ['aws', 'secrets'];
  const change = 'AddTagsToResource DeleteParameter PutParameter RemoveTagsFromResource';
  return [
    ...refreshOfAws('apply', of),
    ...call(
      's3',
      'GetObject PutObject',
      states.map((stack) => of.state(stack)),
    ),
    ...call(
      's3',
      'DeleteObject GetObject PutObject',
      states.map((stack) => of.state(stack, '.tflock')),
    ),
    ...call('dynamodb', 'CreateTable DeleteTable TagResource UntagResource', of.tables),
    ...call('dynamodb', 'UpdateContinuousBackups UpdateTable UpdateTimeToLive', of.tables),
    ...call('sqs', 'CreateQueue DeleteQueue SetQueueAttributes TagQueue UntagQueue', [...of.queues, ...of.deadLetters]),
    ...call('cloudwatch', 'DeleteAlarms PutMetricAlarm TagResource UntagResource', of.alarms),
    ...call(
      'ecr',
      'CreateRepository DeleteLifecyclePolicy DeleteRepository PutImageScanningConfiguration',
      of.repositories,
    ),
    ...call('ecr', 'PutImageTagMutability PutLifecyclePolicy TagResource UntagResource', of.repositories),
    ...call('iam', 'DeleteUser DeleteUserPolicy ListGroupsForUser TagUser UntagUser', of.users),
    ...callsOf(
      'apply',
      'iam',
      'CreateUser PutUserPolicy PutUserPermissionsBoundary',
      of.users,
      underBoundary(of.boundary),
    ),
    ...call(
      'ssm',
      change,
      [...SETTINGS, ...SECRETS].flatMap((name) => of.parameters(name)),
    ),
    ...call(
      'ssm',
      'GetParameter ListTagsForResource',
      SECRETS.flatMap((name) => of.parameters(name)),
    ),
  ];
}

function ofImages(of: Estate): IdentityCall[] {
  const pull = 'BatchCheckLayerAvailability BatchGetImage DescribeImages DescribeRepositories GetDownloadUrlForLayer';
  const push = 'CompleteLayerUpload InitiateLayerUpload PutImage UploadLayerPart';
  const keep = 'BatchDeleteImage BatchGetImage DescribeImages GetDownloadUrlForLayer GetLifecyclePolicy PutImage';
  return [
    ...(['build-push', 'registry-read', 'retain'] as const).flatMap((role) =>
      callsOf(role, 'ecr', 'GetAuthorizationToken'),
    ),
    ...callsOf('build-push', 'ecr', `${pull} ${push}`, of.repositories),
    ...callsOf('registry-read', 'ecr', pull, of.repositories),
    ...callsOf('retain', 'ecr', keep, of.repositories),
  ];
}

function ofBot(of: Estate): IdentityCall[] {
  const items = 'BatchGetItem BatchWriteItem ConditionCheckItem DeleteItem GetItem PutItem UpdateItem';
  const messages = 'ChangeMessageVisibility DeleteMessage GetQueueAttributes GetQueueUrl ReceiveMessage SendMessage';
  return [
    ...callsOf('bot', 'dynamodb', `${items} DescribeTable Query Scan`, of.tables),
    ...callsOf(
      'bot',
      'dynamodb',
      'Query Scan',
      of.tables.map((table) => `${table}/index/an-index`),
    ),
    ...callsOf('bot', 'sqs', messages, of.queues),
  ];
}

function ofCluster(of: Estate): IdentityCall[] {
  return [
    ...callsOf('cluster', 'ecr', 'GetAuthorizationToken'),
    ...callsOf('cluster', 'ecr', 'BatchCheckLayerAvailability BatchGetImage GetDownloadUrlForLayer', of.repositories),
    ...callsOf('cluster', 'ssm', 'GetParameter GetParameters', DELIVERED.map(of.parameter)),
  ];
}
