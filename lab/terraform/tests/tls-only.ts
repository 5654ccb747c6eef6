import { type Call, type Decision, evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import type { Estate } from '#lab/terraform/tests/identity-calls.ts';
import { changesOf } from '#lab/terraform/tests/rights-mutants.ts';

/** Policies of resources, by the name of the bucket or the queue. */
type Policies = Readonly<Record<string, readonly Statement[]>>;

/** A sentence about the policy of one bucket or queue that must hold. */
interface TlsRow {
  readonly about: string;
  readonly says: string;
  holds(policies: Policies): boolean;
}

/** Policies with one change that must break a row about the same resource. */
export interface TlsMutant {
  readonly about: string;
  readonly name: string;
  readonly policies: Policies;
}

/** Someone of the account to whom everything is allowed, so that the policy of the resource alone can refuse. */
const EVERYTHING = parsePolicy('everything', {
  Version: '2012-10-17',
  Statement: { Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' },
});
const CALLERS = ['arn:aws:iam::123456789012:user/discord-bot-bot', 'arn:aws:iam::123456789012:role/discord-bot-apply'];

/** Returns what must hold of the policies of a tenant's state bucket, queues and dead-letter queues. */
export function tlsRowsOf(of: Estate): TlsRow[] {
  const bucket = callsOn(of.bucket, 's3:ListBucket s3:GetBucketPolicy s3:PutBucketPolicy');
  const objects = [of.state('aws'), of.state('secrets'), of.state('aws', '.tflock')].flatMap((object) =>
    callsOn(object, 's3:GetObject s3:PutObject s3:DeleteObject s3:GetObjectVersion'),
  );
  const queues = [...of.queues, ...of.deadLetters].flatMap((queue) =>
    callsOn(queue, 'sqs:SendMessage sqs:ReceiveMessage sqs:GetQueueAttributes sqs:PurgeQueue sqs:SetQueueAttributes'),
  );
  return [...bucket, ...objects, ...queues].flatMap((call) => [
    ...CALLERS.map((caller) => rowOf(call, caller, 'false', 'explicitly denied')),
    ...CALLERS.map((caller) => rowOf(call, caller, 'true', 'allowed')),
  ]);
}

function callsOn(resource: string, actions: string): Call[] {
  return actions.split(' ').map((action) => ({ action, resource }));
}

function rowOf(call: Call, caller: string, secure: string, wanted: Decision['decision']): TlsRow {
  const about = call.resource.replace(/.*:/, '').replace(/\/.*/, '');
  return {
    about,
    says: `${call.action} on ${call.resource} by ${caller} with TLS ${secure} is ${wanted}`,
    holds: (policies) => {
      const context = { 'aws:SecureTransport': [secure] };
      const own = (policies[about] ?? [])
        .filter(({ principals }) => isNamed(caller, principals))
        .map(withoutPrincipals);
      return evaluatePolicies([...EVERYTHING, ...own], { ...call, context }).decision === wanted;
    },
  };
}

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html */
function isNamed(caller: string, principals: Statement['principals']): boolean {
  return principals?.['*'] !== undefined || (principals?.['AWS'] ?? []).some((one) => one === '*' || one === caller);
}

function withoutPrincipals(statement: Statement): Statement {
  return { ...statement, principals: undefined };
}

/** Returns the policies with each statement changed in one way. */
export function tlsMutantsOf(policies: Policies): TlsMutant[] {
  return Object.entries(policies).flatMap(([about, statements]) =>
    [...changesOf(statements, false), ...statements.flatMap((statement, at) => turned(statement, at, statements))].map(
      ([name, changed]) => ({ about, name, policies: { ...policies, [about]: changed } }),
    ),
  );
}

type Change = readonly [name: string, statements: readonly Statement[]];

/** What a slip of the pen makes of a deny: fewer callers, fewer actions, another resource, the other way round. */
function turned(statement: Statement, at: number, statements: readonly Statement[]): Change[] {
  const into = (name: string, changed: Partial<Statement>): Change => [
    `${statement.name}: ${name}`,
    statements.with(at, { ...statement, ...changed }),
  ];
  const withConditions = (change: Partial<Statement['conditions'][number]>): Partial<Statement> => ({
    conditions: statement.conditions.map((condition) => ({ ...condition, ...change })),
  });
  return [
    into('Effect is Allow', { effect: 'Allow' }),
    into('for one caller', { principals: { AWS: CALLERS.slice(0, 1) } }),
    into('for another account', { principals: { AWS: ['arn:aws:iam::210987654321:root'] } }),
    into('reads alone', { actions: ['s3:Get*', 'sqs:Get*', 's3:List*', 'sqs:Receive*'] }),
    into('writes alone', { actions: ['s3:Put*', 'sqs:Send*', 's3:Delete*', 'sqs:Set*'] }),
    into('with TLS', withConditions({ values: ['true'] })),
    into('by another key', withConditions({ key: 'aws:viaawsservice' })),
    into('on another resource', { resources: statement.resources?.map((one) => `${one}-2`) }),
  ];
}
