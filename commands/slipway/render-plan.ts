import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { COMMENT_LIMIT, renderComment } from '#core/terraform/comment/render.ts';
import { classifyPlan } from '#core/terraform/plan/classify.ts';
import { type PlanFile, parsePlanFile } from '#core/terraform/plan/parse.ts';
import { collectSecrets } from '#core/terraform/plan/secrets.ts';
import { createScrub } from '#core/terraform/secrets.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, UsageError } from '../command.ts';
import type { SlipwayPorts } from './session.ts';

const options = {
  approved: { type: 'string', value: 'FILE', help: 'the plan that was approved; only what differs from it is shown' },
  head: { type: 'string', value: 'COMMIT', help: 'the commit that was planned, for the first line' },
  bytes: { type: 'string', value: 'N', help: `how long the comment may be; ${COMMENT_LIMIT} unless given` },
} as const;

/** Writes plans as one comment of a pull request. */
export const renderPlan = defineCommand({
  name: 'npm run -s slipway -- render-plan',
  summary: 'Writes what Terraform plans do as one comment of a pull request, the riskiest first, without secrets.',
  options,
  operands: 'PLAN.json…',
  example: 'plan.json',
  exitCodes: ['the comment is printed', 'a plan is missing or cannot be read', 'wrong usage'],
  run: ({ values, operands }, { resolve }: Pick<SlipwayPorts, 'resolve'>): CommandResult => {
    if (operands.length === 0)
      throw new UsageError('the plan is missing: give a file with the output of terraform show -json PLAN');
    const read = (path: string): PlanFile => parsePlanFile(path, readText(path, resolve(path)));
    const files = operands.map((path) => ({ name: nameStack(path, operands), file: read(path) }));
    const approved = values.approved === undefined ? undefined : read(values.approved);
    if (approved !== undefined && files.length > 1)
      throw new UsageError(`--approved is compared with one plan: ${files.length} are given`);
    const all = [...files.map(({ file }) => file), ...(approved === undefined ? [] : [approved])];
    const scrub = createScrub(all.flatMap((file) => [...collectSecrets(file)]));
    const stacks = files.map(({ name, file }) => ({
      name,
      plan: classifyPlan(file),
      approved: approved === undefined ? undefined : classifyPlan(approved),
    }));
    const stdout = renderComment(stacks, { scrub, limit: readLimit(values.bytes), head: values.head });
    return { exitCode: 0, stdout, stderr: '' };
  },
});

/** Plans that are all called plan.json are told apart by their folders. */
function nameStack(path: string, all: readonly string[]): string {
  const isSame = new Set(all.map((one) => basename(one))).size === 1;
  return isSame && all.length > 1 ? dirname(path) : path;
}

function readText(path: string, resolved: string): string {
  try {
    return readFileSync(resolved, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const fault = code === 'ENOENT' ? 'does not exist' : code === 'EISDIR' ? 'is a folder' : 'cannot be read';
    throw new Refusal(
      `${path} ${fault}: type terraform show -json PLAN > plan.json in the stack's folder, then give plan.json`,
    );
  }
}

/** Less has no room for the sentences that say what is left out. */
const SMALLEST = 2_000;

function readLimit(text: string | undefined): number {
  if (text === undefined) return COMMENT_LIMIT;
  if (/^[1-9]\d{3,8}$/.test(text) && Number(text) >= SMALLEST) return Number(text);
  throw new UsageError(`--bytes: ${quote(text)} is not a number from ${SMALLEST} to 999999999`);
}
