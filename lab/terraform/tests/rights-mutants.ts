import type { Statement } from '#core/aws/iam/policy.ts';
import { IDENTITIES } from '#lab/terraform/tests/identity-calls.ts';
import type { Rights } from '#lab/terraform/tests/rights.ts';
import { ROLES } from '#lab/terraform/tests/tokens.ts';

/** Rights with one change that must break a row. */
export interface Mutant {
  /** As in a row: `apply`, or `trust of apply`. */
  readonly about: string;
  /** `Lock: Resource is *`. */
  readonly name: string;
  readonly rights: Rights;
}

/** Returns the rights with each statement dropped, widened and narrowed, one change each. */
export function mutantsOf(rights: Rights): Mutant[] {
  const ofPolicies = IDENTITIES.flatMap((identity) =>
    changesOf(rights.policies[identity], false).map(([name, statements]) => ({
      about: identity,
      name,
      rights: { ...rights, policies: { ...rights.policies, [identity]: statements } },
    })),
  );
  const ofTrust = ROLES.flatMap((role) =>
    changesOf(rights.trust[role], true).map(([name, statements]) => ({
      about: `trust of ${role}`,
      name,
      rights: { ...rights, trust: { ...rights.trust, [role]: statements } },
    })),
  );
  return [...ofPolicies, ...ofTrust];
}

type Change = readonly [name: string, statements: readonly Statement[]];

/** Returns the statements with each of them dropped, widened and narrowed, one change each, with what it is. */
export function changesOf(statements: readonly Statement[], isTrust: boolean): Change[] {
  return statements.flatMap((statement, index) => {
    const into = (name: string, changed: Statement): Change => [
      `${statement.name}: ${name}`,
      statements.with(index, changed),
    ];
    return [
      [`${statement.name}: dropped`, statements.toSpliced(index, 1)] as const,
      ...(isTrust ? widenTrust(statement, into) : [...widen(statement, into), ...narrow(statement, into)]),
      ...statement.conditions.flatMap((condition, at) => [
        into(`no condition on ${condition.key}`, { ...statement, conditions: statement.conditions.toSpliced(at, 1) }),
        into(`any value of ${condition.key}`, {
          ...statement,
          conditions: statement.conditions.with(at, { ...condition, operator: 'StringLike', values: ['*'] }),
        }),
      ]),
    ];
  });
}

type Into = (name: string, changed: Statement) => Change;

/** A deny that is widened gives nothing. */
function widen(statement: Statement, into: Into): Change[] {
  if (statement.effect === 'Deny') return [];
  const services = [...new Set(statement.actions?.map((action) => action.replace(/:.*/, ':*')))];
  const isOnAll = statement.resources?.includes('*') ?? false;
  return [
    ...(isOnAll ? [] : [into('Resource is *', { ...statement, resources: ['*'] })]),
    into(`Action is ${services.join(', ')}`, { ...statement, actions: services }),
  ];
}

/** A right that nothing needs is one too many. */
function narrow(statement: Statement, into: Into): Change[] {
  const { actions = [], resources = [] } = statement;
  return [
    ...actions.map((action, at) => into(`without ${action}`, { ...statement, actions: actions.toSpliced(at, 1) })),
    ...resources.map((one, at) => into(`without ${one}`, { ...statement, resources: resources.toSpliced(at, 1) })),
  ];
}

function widenTrust(statement: Statement, into: Into): Change[] {
  return [into('for everybody', { ...statement, principals: { '*': ['*'] } })];
}
