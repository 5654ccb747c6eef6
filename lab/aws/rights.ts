import type { IncomingMessage } from 'node:http';
import {
  GetAccessKeyLastUsedCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetUserCommand,
  GetUserPolicyCommand,
  IAMClient,
  ListAccessKeysCommand,
  ListUserPoliciesCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import { type Call, type Decision, evaluateBounded, evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { ACCOUNT, REGION } from '#lab/aws/moto.ts';

/** Why a call is refused, as AWS words it. */
export interface RightsRefusal {
  readonly type: 'UnrecognizedClientException' | 'AccessDeniedException';
  readonly message: string;
}

/** Judges the calls that an IAM user signs; roles and the lab's own key are let in. */
export interface Rights {
  judge(request: Pick<IncomingMessage, 'headers'>, body: string): Promise<RightsRefusal | undefined>;
}

/** What the lab's account knows of an access key. */
export interface UserRights {
  readonly user: string;
  readonly isActive: boolean;
  readonly policies: readonly Statement[];
  readonly boundary: readonly Statement[] | undefined;
}

/** How long a user's rights are kept before moto is asked again, in milliseconds. */
const FRESH_MS = 3_000;

const UNKNOWN_KEY: RightsRefusal = {
  type: 'UnrecognizedClientException',
  message: 'The security token included in the request is invalid.',
};

/** Returns judges over what `find` knows of access keys; undefined is a key that does not exist. */
export function createRights(
  find: (accessKey: string) => Promise<UserRights | undefined>,
  now: () => number = Date.now,
): Rights {
  const kept = new Map<string, { readonly at: number; readonly rights: Promise<UserRights | undefined> }>();
  const look = (key: string): Promise<UserRights | undefined> => {
    const before = kept.get(key);
    if (before !== undefined && now() - before.at < FRESH_MS) return before.rights;
    const rights = find(key);
    kept.set(key, { at: now(), rights });
    return rights;
  };
  return {
    judge: async ({ headers }, body) => {
      const key = /Credential=(AKIA\w+)\//.exec(headers.authorization ?? '')?.[1];
      if (key === undefined) return undefined;
      const rights = await look(key);
      if (rights?.isActive !== true) return UNKNOWN_KEY;
      const denied = describeCalls(String(headers['x-amz-target'] ?? ''), body).find(
        (call) => decide(rights, call).decision !== 'allowed',
      );
      return denied === undefined ? undefined : describeDenial(rights.user, denied);
    },
  };
}

function decide({ policies, boundary }: UserRights, call: Call): Decision {
  return boundary === undefined ? evaluatePolicies(policies, call) : evaluateBounded(policies, boundary, call);
}

/** True for a call that a long-lived key of a user signed, which are judged; in AWS's JSON protocols alone. */
export function isSignedByUser({ headers }: Pick<IncomingMessage, 'headers'>): boolean {
  return /Credential=AKIA\w+\//.test(headers.authorization ?? '') && headers['x-amz-target'] !== undefined;
}

function describeDenial(user: string, { action, resource }: Call): RightsRefusal {
  const who = `arn:aws:iam::${ACCOUNT}:user/${user}`;
  return {
    type: 'AccessDeniedException',
    message: `User: ${who} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`,
  };
}

const named = z.looseObject({
  Name: z.string().optional(),
  Names: z.array(z.string()).optional(),
  Path: z.string().optional(),
  TableName: z.string().optional(),
  QueueUrl: z.string().optional(),
  repositoryName: z.string().optional(),
});
const SERVICES: Readonly<Record<string, string>> = {
  AmazonSSM: 'ssm',
  AmazonSQS: 'sqs',
  DynamoDB_20120810: 'dynamodb',
  AmazonEC2ContainerRegistry_V20150921: 'ecr',
};

/** Returns the calls that a request of AWS's JSON protocols makes: one for each parameter, table, queue or repository. */
function describeCalls(target: string, body: string): Call[] {
  const [prefix = '', operation = ''] = target.split('.');
  const service = SERVICES[prefix] ?? 'unknown';
  const about = named.parse(body === '' ? {} : JSON.parse(body));
  const arn = (rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;
  const parameters = [about.Name, about.Path, ...(about.Names ?? [])].filter((name) => name !== undefined);
  const resources = [
    ...(service === 'ssm' ? parameters.map((name) => arn(`parameter/${name.replace(/^\/|\/$/g, '')}`)) : []),
    ...(about.TableName === undefined ? [] : [arn(`table/${about.TableName}`)]),
    ...(about.QueueUrl === undefined ? [] : [arn(new URL(about.QueueUrl).pathname.split('/').at(-1) ?? '')]),
    ...(about.repositoryName === undefined ? [] : [arn(`repository/${about.repositoryName}`)]),
  ];
  return (resources.length === 0 ? ['*'] : resources).map((resource) => ({
    action: `${service}:${operation}`,
    resource,
  }));
}

/** Asks moto, which keeps users, keys and policies, and enforces none. */
export function findRightsInMoto(moto: string): (accessKey: string) => Promise<UserRights | undefined> {
  const iam = new IAMClient({
    endpoint: `http://${moto}`,
    region: REGION,
    credentials: { accessKeyId: 'lab', secretAccessKey: 'lab' },
  });
  return async (AccessKeyId) => {
    const UserName = await findOwner(iam, AccessKeyId);
    if (UserName === undefined) return undefined;
    const [{ AccessKeyMetadata = [] }, { PolicyNames = [] }, { User }] = await Promise.all([
      iam.send(new ListAccessKeysCommand({ UserName })),
      iam.send(new ListUserPoliciesCommand({ UserName })),
      iam.send(new GetUserCommand({ UserName })),
    ]);
    const key = AccessKeyMetadata.find((candidate) => candidate.AccessKeyId === AccessKeyId);
    const policies = await Promise.all(
      PolicyNames.map(async (PolicyName) => {
        const { PolicyDocument = '' } = await iam.send(new GetUserPolicyCommand({ UserName, PolicyName }));
        return parseDocument(PolicyName, PolicyDocument);
      }),
    );
    const boundary = User?.PermissionsBoundary?.PermissionsBoundaryArn;
    return {
      user: UserName,
      isActive: key?.Status === 'Active',
      policies: policies.flat(),
      boundary: boundary === undefined ? undefined : await readManagedPolicy(iam, boundary),
    };
  };
}

async function findOwner(iam: IAMClient, AccessKeyId: string): Promise<string | undefined> {
  try {
    const { UserName } = await iam.send(new GetAccessKeyLastUsedCommand({ AccessKeyId }));
    return UserName;
  } catch {
    return undefined; // of a key that no user has, whatever moto calls that
  }
}

async function readManagedPolicy(iam: IAMClient, PolicyArn: string): Promise<Statement[]> {
  const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
  const VersionId = Policy?.DefaultVersionId ?? 'v1';
  const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return parseDocument(PolicyArn, PolicyVersion?.Document ?? '');
}

/** IAM encodes documents for URLs. */
function parseDocument(name: string, text: string): Statement[] {
  return parsePolicy(name, JSON.parse(decodeURIComponent(text)));
}
