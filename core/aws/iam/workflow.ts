import { isOpenEnded, isWildcard, type Purpose, type TrustedRepository } from '#core/aws/iam/subject.ts';
import { quote } from '#core/values/errors.ts';

/** The roles that can destroy: one workflow has each, and what it does with it. */
const WORKFLOWS: Readonly<Partial<Record<Purpose, readonly [file: string, does: string]>>> = {
  apply: ['apply.yml', 'applies'],
  retain: ['retain.yml', 'retains images'],
};

/**
 * Returns the claim `job_workflow_ref` of the one workflow that may have a role of this purpose: its file as the branch
 * has it. Undefined where every workflow of the branch may.
 * https://docs.github.com/en/actions/reference/security/oidc
 */
export function workflowOf({ repository, branch = 'main' }: TrustedRepository, purpose: Purpose): string | undefined {
  const [file] = WORKFLOWS[purpose] ?? [];
  return file === undefined ? undefined : `${repository}/.github/workflows/${file}@refs/heads/${branch}`;
}

/** Returns what is wrong with a value of the claim `job_workflow_ref`, a sentence each; only `wanted` is right. */
export function checkWorkflow(value: string, wanted: string, purpose: Purpose, isPattern: boolean): string[] {
  if (value === wanted) return [];
  const [, does = ''] = WORKFLOWS[purpose] ?? [];
  const says = `the workflow ${quote(value)}`;
  const remedy = `write ${quote(wanted)}`;
  if (isWildcard(value) && !isPattern && !value.includes('${'))
    return [`${says} has a wildcard, which StringEquals takes literally, so that no one gets in by it: ${remedy}`];
  if (isOpenEnded(value)) return [`${says} is a pattern, so that every workflow that fits gets in: ${remedy}`];
  return [`${says} is not the one that ${does}: ${remedy}`];
}
