import { evaluateTrust, type WebIdentity } from '#core/aws/iam/assume.ts';
import { type Decision, evaluateBounded, evaluatePolicies } from '#core/aws/iam/evaluate.ts';
import { parsePolicy, type Statement } from '#core/aws/iam/policy.ts';
import { checkTrust } from '#core/aws/iam/trust.ts';
import { deniedCalls } from '#lab/terraform/tests/denied-calls.ts';
import {
  callsOf,
  type Estate,
  IDENTITIES,
  type Identity,
  type IdentityCall,
} from '#lab/terraform/tests/identity-calls.ts';
import { neededCalls } from '#lab/terraform/tests/needed-calls.ts';
import { ROLES, type Role, strangers, welcome } from '#lab/terraform/tests/tokens.ts';

/** What Terraform gives a tenant's identities: for `bounded` the boundary, for the others their own policy. */
export interface Rights {
  readonly policies: Readonly<Record<Identity, readonly Statement[]>>;
  readonly trust: Readonly<Record<Role, readonly Statement[]>>;
}

/** Reads the policies of the roles, the boundary and those of the users, and the roles' trust policies, as documents. */
export function readRights(
  documents: Readonly<Record<string, unknown>>,
  trust: Readonly<Record<string, unknown>>,
): Rights {
  const named = { ...documents, bounded: documents['boundary'] };
  const read = (from: Readonly<Record<string, unknown>>, name: string): Statement[] => parsePolicy(name, from[name]);
  return {
    policies: fromKeys(IDENTITIES, (identity) => read(named, identity)),
    trust: fromKeys(ROLES, (role) => read(trust, role)),
  };
}

function fromKeys<K extends string, V>(keys: readonly K[], of: (key: K) => V): Record<K, V> {
  return Object.fromEntries(keys.map((key) => [key, of(key)])) as Record<K, V>; // each key is there
}

const REPOSITORY = {
  repository: 'acme/tenant',
  ownerId: '1001',
  repositoryId: '2002',
  subjectForm: 'immutable' as const,
  environment: 'aws',
};
const EVERYTHING = parsePolicy('everything', {
  Version: '2012-10-17',
  Statement: { Sid: 'Everything', Effect: 'Allow', Action: '*', Resource: '*' },
});

/** A sentence about the rights that must hold. */
export interface Row {
  /** `plan`, or `trust of plan`: the rows of one are broken by its own policy alone. */
  readonly about: string;
  readonly says: string;
  holds(rights: Rights): boolean;
}

/** Returns what must hold of a tenant's rights, beside those of `other`: needed calls, others, and tokens. */
export function rowsOf(of: Estate, other: Estate): Row[] {
  return [
    ...neededCalls(of).map((call) => rowOf(call, 'allowed')),
    ...deniedCalls(of, other).map((call) => rowOf(call, 'denied')),
    ...secretsOf(of).map((call) => rowOf(call, 'explicitly denied')),
    ...welcome.map(([role, token]) => tokenRow(role, token, true)),
    ...strangers.map(([role, token]) => tokenRow(role, token, false)),
    ...ROLES.map((role) => ({
      about: `trust of ${role}`,
      says: 'check:trust finds no fault',
      holds: ({ trust }: Rights) => checkTrust(trust[role], REPOSITORY, role).length === 0,
    })),
  ];
}

/** What a denied call is called by counts only where it is denied in any case. */
function rowOf(call: IdentityCall, wanted: Decision['decision']): Row {
  const { identity, action, resource } = call;
  return {
    about: identity,
    says: `${identity}: ${action} on ${resource} is ${wanted}`,
    holds: (rights) => {
      const decision = judge(rights, call);
      return wanted === 'denied' ? decision !== 'allowed' : decision === wanted;
    },
  };
}

function tokenRow(role: Role, token: WebIdentity, isWelcome: boolean): Row {
  return {
    about: `trust of ${role}`,
    says: `${role} ${isWelcome ? 'takes' : 'refuses'} ${JSON.stringify(token)}`,
    holds: ({ trust }) => (evaluateTrust(trust[role], token).decision === 'allowed') === isWelcome,
  };
}

/** What IAM says to a call by a tenant's identity. */
function judge({ policies }: Rights, call: IdentityCall): Decision['decision'] {
  const own = policies[call.identity];
  return call.identity === 'bounded'
    ? evaluateBounded(EVERYTHING, own, call).decision
    : evaluatePolicies(own, call).decision;
}

/** Pull requests plan: whatever else the role gets one day, these stay denied. */
function secretsOf(of: Estate): IdentityCall[] {
  const secrets = ['discord_token', 'litellm_api_key', 'bot_credentials', 'cluster_credentials'].flatMap((name) =>
    of.parameters(name),
  );
  return callsOf('plan', 'ssm', 'GetParameter GetParameters GetParameterHistory GetParametersByPath', [
    ...secrets,
    ...of.parameters(),
  ]);
}
