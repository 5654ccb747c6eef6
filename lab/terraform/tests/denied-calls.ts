import {
  callsOf,
  type Estate,
  IDENTITIES,
  type Identity,
  type IdentityCall,
  underBoundary,
} from '#lab/terraform/tests/identity-calls.ts';

const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';

/** Returns calls that no identity of the tenant can make, or not this one; `other` is a tenant beside it. */
export function deniedCalls(of: Estate, other: Estate): IdentityCall[] {
  return [
    ...IDENTITIES.flatMap((identity) => [...ofEveryone(identity, of), ...ofOtherTenant(identity, other)]),
    ...ofPlan(of),
    ...ofApply(of, other),
    ...ofImages(of),
    ...ofBot(of),
    ...ofCluster(of),
    ...ofBounded(of),
  ];
}

/** What would give an identity more than it has, or hide what it did. */
function ofEveryone(identity: Identity, of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources?: string | readonly string[]): IdentityCall[] =>
    callsOf(identity, service, actions, resources);
  return [
    ...call('iam', 'CreateAccessKey UpdateAccessKey CreateLoginProfile AttachUserPolicy UpdateUser', of.users),
    ...call('iam', 'DeleteUserPermissionsBoundary AddUserToGroup', of.users),
    ...call('iam', 'CreatePolicyVersion SetDefaultPolicyVersion DeletePolicyVersion DeletePolicy', of.boundary),
    ...call('iam', 'PutRolePolicy AttachRolePolicy UpdateAssumeRolePolicy PassRole DeleteRole', of.roles),
    ...call('iam', 'CreatePolicy', `${of.boundary}-2`),
    ...call('iam', 'DeleteOpenIDConnectProvider UpdateOpenIDConnectProviderThumbprint', of.provider),
    ...call('sts', 'AssumeRole', of.roles),
    ...callsOf(identity, 'kms', 'Decrypt CreateGrant', of.tableKey, { 'kms:ResourceAliases': ['alias/aws/dynamodb'] }),
    ...callsOf(identity, 'kms', 'DescribeKey', of.tableKey, { 'kms:ResourceAliases': ['alias/aws/ssm'] }),
    ...call('ssm', 'GetParametersByPath', [...of.parameters(), of.parameter().replace(/parameter\/.*/, 'parameter/')]),
    ...call('ssm', 'GetParameter GetParameterHistory PutParameter', of.parameters('cluster_credentials')),
    ...call('s3', 'PutBucketPolicy PutBucketVersioning PutLifecycleConfiguration DeleteBucket', of.bucket),
    ...call('s3', 'GetObjectVersion DeleteObject DeleteObjectVersion', of.state('aws')),
    ...call('s3', 'PutObject', of.state('bootstrap')),
    ...call('ecr', 'SetRepositoryPolicy BatchImportUpstreamImage', of.repositories),
    ...call('sqs', 'PurgeQueue AddPermission StartMessageMoveTask', [...of.queues, ...of.deadLetters]),
    ...call('dynamodb', 'PutResourcePolicy ExportTableToPointInTime RestoreTableToPointInTime', of.tables),
    ...call('sqs', 'ListQueues'),
    ...call('dynamodb', 'ListTables'),
    ...call('ssm', 'SendCommand'),
    ...call('ec2', 'RunInstances'),
    ...call('cloudtrail', 'StopLogging', '*'),
  ];
}

/** Everything of another tenant, and names that only begin or end like the tenant's own. */
function ofOtherTenant(identity: Identity, other: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf(identity, service, actions, resources);
  return [
    ...call('dynamodb', 'GetItem Scan DescribeTable DeleteTable', other.tables),
    ...call(
      'dynamodb',
      'Query',
      other.tables.map((table) => `${table}/index/an-index`),
    ),
    ...call('sqs', 'ReceiveMessage SendMessage GetQueueAttributes DeleteQueue', [
      ...other.queues,
      ...other.deadLetters,
    ]),
    ...call('cloudwatch', 'DescribeAlarms DeleteAlarms', other.alarms),
    ...call('ecr', 'BatchGetImage PutImage DescribeRepositories BatchDeleteImage DeleteRepository', other.repositories),
    ...call(
      'ssm',
      'GetParameter PutParameter',
      ['discord_token', 'bot_credentials', 'litellm_base_url'].map(other.parameter),
    ),
    ...call('s3', 'GetObject PutObject', [other.state('aws'), other.state('secrets'), other.state('bootstrap')]),
    ...call('s3', 'PutObject DeleteObject', other.state('aws', '.tflock')),
    ...call('s3', 'ListBucket GetBucketPolicy', other.bucket),
    ...call('iam', 'GetUser DeleteUser', other.users),
    ...call('iam', 'GetRole', other.roles),
    ...call('iam', 'GetPolicy', other.boundary),
    ...callsOf(identity, 'iam', 'CreateUser PutUserPolicy', other.users, underBoundary(other.boundary)),
    ...callsOf(identity, 'kms', 'DescribeKey', other.tableKey, { 'kms:ResourceAliases': ['alias/aws/dynamodb'] }),
  ];
}

/** A pull request runs this. */
function ofPlan(of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf('plan', service, actions, resources);
  return [
    ...call('s3', 'DeleteObject PutObject GetObject', [of.state('aws', '.tflock'), of.state('secrets', '.tflock')]),
    ...call('s3', 'PutObject', [of.state('aws'), of.state('secrets')]),
    ...call('s3', 'GetObject', [of.state('aws-2'), `${of.state('aws')}.backup`]),
    ...call(
      'ssm',
      'GetParameter GetParameters GetParameterHistory',
      ['discord_token', 'litellm_api_key', 'bot_credentials'].flatMap((name) => of.parameters(name)),
    ),
    ...call('ssm', 'PutParameter DeleteParameter', of.parameter('litellm_base_url')),
    ...call('dynamodb', 'GetItem Scan Query PutItem', of.tables),
    ...call('sqs', 'ReceiveMessage SendMessage SetQueueAttributes', of.queues),
    ...call('cloudwatch', 'PutMetricAlarm', of.alarms),
    ...call('ecr', 'PutImage BatchGetImage PutLifecyclePolicy', of.repositories),
    ...call('iam', 'DeleteUserPolicy TagUser ListAccessKeys', of.users),
    ...call('iam', 'TagRole', of.roles),
    ...call('iam', 'GetPolicy GetPolicyVersion', ADMINISTRATOR),
    ...callsOf('plan', 'iam', 'PutUserPolicy', of.users, underBoundary(of.boundary)),
    ...callsOf(
      'plan',
      'iam',
      'GetOpenIDConnectProvider',
      of.provider.replace(/oidc-provider.*/, 'oidc-provider/gitlab.com'),
    ),
    ...callsOf('plan', 'ecr', 'GetAuthorizationToken'),
  ];
}

function ofApply(of: Estate, other: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf('apply', service, actions, resources);
  const bound = 'CreateUser PutUserPolicy PutUserPermissionsBoundary';
  return [
    ...call('iam', bound, of.users), // without a boundary
    ...callsOf('apply', 'iam', bound, of.users, underBoundary(ADMINISTRATOR)),
    ...callsOf('apply', 'iam', bound, of.users, underBoundary(`${of.boundary}-2`)),
    ...callsOf('apply', 'iam', bound, of.users, underBoundary(other.boundary)),
    ...callsOf(
      'apply',
      'iam',
      bound,
      of.users.map((user) => `${user}-2`),
      underBoundary(of.boundary),
    ),
    ...callsOf('apply', 'iam', 'DeleteUserPermissionsBoundary AttachUserPolicy', of.users, underBoundary(of.boundary)),
    ...call('iam', 'PutUserPolicy DeleteUser', of.roles),
    ...call('iam', 'ListAccessKeys DeleteAccessKey', of.users),
    ...call('s3', 'GetObject', of.state('bootstrap')),
    ...call('s3', 'DeleteObjectVersion PutObjectAcl', [of.state('aws', '.tflock'), of.state('secrets', '.tflock')]),
    ...call('s3', 'DeleteObject', [of.state('aws'), of.state('secrets'), of.state('bootstrap', '.tflock')]),
    ...call('ssm', 'GetParameter DeleteParameter', of.parameter('bot_credentials')),
    ...call('ssm', 'GetParameterHistory GetParameters LabelParameterVersion', [
      of.parameter('discord_token'),
      of.parameter('litellm_base_url'),
    ]),
    ...call('dynamodb', 'GetItem Scan PutItem DeleteItem', of.tables),
    ...call('sqs', 'ReceiveMessage SendMessage DeleteMessage', [...of.queues, ...of.deadLetters]),
    ...call('ecr', 'PutImage BatchDeleteImage BatchGetImage', of.repositories),
    ...call('cloudwatch', 'DisableAlarmActions SetAlarmState', of.alarms),
    ...callsOf('apply', 'ecr', 'GetAuthorizationToken'),
  ];
}

function ofImages(of: Estate): IdentityCall[] {
  const changes = 'DeleteRepository PutLifecyclePolicy PutImageTagMutability CreateRepository';
  return [
    ...(['build-push', 'registry-read', 'retain'] as const).flatMap((role) => [
      ...callsOf(role, 'ecr', changes, of.repositories),
      ...callsOf(
        role,
        'ecr',
        'BatchGetImage',
        of.repositories.map((repository) => `${repository}-2`),
      ),
      ...callsOf(role, 's3', 'GetObject', of.state('aws')),
      ...callsOf(role, 'ssm', 'GetParameter', [of.parameter('discord_token'), of.parameter('litellm_base_url')]),
      ...callsOf(role, 'ecr', 'CreatePullThroughCacheRule'),
    ]),
    ...callsOf('build-push', 'ecr', 'BatchDeleteImage', of.repositories),
    ...callsOf('registry-read', 'ecr', 'BatchDeleteImage PutImage InitiateLayerUpload', of.repositories),
    ...callsOf('retain', 'ecr', 'InitiateLayerUpload UploadLayerPart CompleteLayerUpload', of.repositories),
  ];
}

function ofBot(of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf('bot', service, actions, resources);
  return [
    ...call(
      'dynamodb',
      'GetItem PutItem',
      of.tables.flatMap((table) => [`${table}2`, table.replace('table/', 'table/x')]),
    ),
    ...call(
      'dynamodb',
      'PutItem DescribeContributorInsights',
      of.tables.map((table) => `${table}/index/an-index`),
    ),
    ...call('dynamodb', 'DeleteTable UpdateTable CreateTable UpdateTimeToLive CreateBackup TagResource', of.tables),
    ...call('sqs', 'SendMessage ReceiveMessage DeleteMessage', of.deadLetters),
    ...call('sqs', 'DeleteQueue SetQueueAttributes CreateQueue', of.queues),
    ...call(
      'ssm',
      'GetParameter',
      ['discord_token', 'bot_credentials', 'litellm_base_url'].flatMap((name) => of.parameters(name)),
    ),
    ...call('ecr', 'BatchGetImage', of.repositories),
    ...call('s3', 'GetObject', of.state('aws')),
    ...call('iam', 'PutUserPolicy GetUser', of.users),
    ...callsOf('bot', 'ecr', 'GetAuthorizationToken'),
  ];
}

function ofCluster(of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources: string | readonly string[]): IdentityCall[] =>
    callsOf('cluster', service, actions, resources);
  return [
    ...call('ssm', 'GetParameter GetParameters', [of.parameter('cluster_credentials'), of.parameter('another')]),
    ...call('ssm', 'PutParameter DeleteParameter GetParameterHistory', of.parameter('discord_token')),
    // the tenant's other environments
    ...call(
      'ssm',
      'GetParameter GetParameters',
      ['discord_token', 'bot_credentials', 'litellm_base_url'].flatMap((name) => of.beside(name)),
    ),
    ...call('ecr', 'PutImage InitiateLayerUpload BatchDeleteImage DeleteRepository DescribeImages', of.repositories),
    ...call(
      'ecr',
      'BatchGetImage',
      of.repositories.map((repository) => `${repository}-2`),
    ),
    ...call('dynamodb', 'GetItem', of.tables),
    ...call('sqs', 'ReceiveMessage', of.queues),
    ...call('s3', 'GetObject', of.state('secrets')),
    ...call('iam', 'PutUserPolicy GetUser', of.users),
    ...callsOf('cluster', 'ssm', 'DescribeParameters'),
    ...callsOf('cluster', 'ecr', 'CreateRepository'),
  ];
}

function ofBounded(of: Estate): IdentityCall[] {
  const call = (service: string, actions: string, resources?: string | readonly string[]): IdentityCall[] =>
    callsOf('bounded', service, actions, resources);
  return [
    ...call('dynamodb', 'DeleteTable UpdateTable CreateBackup', of.tables),
    ...call(
      'dynamodb',
      'PutItem DescribeContributorInsights',
      of.tables.map((table) => `${table}/index/an-index`),
    ),
    ...call(
      'dynamodb',
      'GetItem',
      of.tables.map((table) => `${table}2`),
    ),
    ...call('sqs', 'SendMessage ReceiveMessage', of.deadLetters),
    ...call('sqs', 'DeleteQueue SetQueueAttributes', of.queues),
    ...call('ssm', 'PutParameter DeleteParameter GetParameterHistory', of.parameter('discord_token')),
    ...call('ssm', 'GetParameter GetParameters', [of.parameter('cluster_credentials'), of.parameter('another')]),
    ...call('ecr', 'PutImage BatchDeleteImage DeleteRepository', of.repositories),
    ...call('ecr', 'CreateRepository'),
    ...call('s3', 'GetObject PutObject', [of.state('aws'), of.state('secrets')]),
    ...call('iam', 'PutUserPolicy GetUser', of.users),
    ...call('ssm', 'DescribeParameters'),
  ];
}
