import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { COMMENT_LIMIT } from '#core/comment/outline.ts';
import { type CommentOptions, renderComment } from '#core/terraform/comment/render.ts';
import { fromReport, isReport, type PlanReport, parseReport } from '#core/terraform/comment/report.ts';
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
    const read = (path: string): Given => readGiven(nameStack(path, operands), path, readText(path, resolve(path)));
    const given = operands.map(read);
    const approved = values.approved === undefined ? undefined : readApproved(values.approved, resolve);
    if (approved !== undefined && given.length > 1)
      throw new UsageError(`--approved is compared with one plan: ${given.length} are given`);
    const stdout = render(given, approved, { limit: readLimit(values.bytes), head: values.head });
    return { exitCode: 0, stdout, stderr: '' };
  },
});

/** A plan's JSON, or a report that plan-terraform made of one. */
type Given = { readonly name: string; readonly file: PlanFile } | { readonly report: PlanReport };

function readGiven(name: string, path: string, text: string): Given {
  return isReport(text) ? { report: parseReport(path, text) } : { name, file: parsePlanFile(path, text) };
}

function readApproved(path: string, resolve: SlipwayPorts['resolve']): PlanFile {
  return parsePlanFile(path, readText(path, resolve(path)));
}

/** What is secret in one plan is hidden in all of them; a report has hidden its own. */
function render(
  given: readonly Given[],
  approved: PlanFile | undefined,
  options: Omit<CommentOptions, 'scrub'>,
): string {
  const files = given.flatMap((one) => ('file' in one ? [one.file] : []));
  const all = approved === undefined ? files : [...files, approved];
  const scrub = createScrub(all.flatMap((file) => [...collectSecrets(file)]));
  const before = approved === undefined ? undefined : classifyPlan(approved);
  const stacks = given.map((one) =>
    'report' in one ? fromReport(one.report) : { name: one.name, plan: classifyPlan(one.file), approved: before },
  );
  return renderComment(stacks, { ...options, scrub });
}

/** Plans that are all called plan.json are told apart by their folders. */
function nameStack(path: string, all: readonly string[]): string {
  const isSame = new Set(all.map((one) => basename(one))).size === 1;
  return isSame && all.length > 1 ? dirname(path) : path;
}

function readText(path: string, resolved: string): string {
  try {
    return readFileSync(resolved, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException; // what node:fs throws
    const faults: Readonly<Record<string, string>> = { ENOENT: 'does not exist', EISDIR: 'is a folder' };
    const fault = faults[code ?? ''] ?? 'cannot be read';
    throw new Refusal(
      `${path} ${fault}: give a file with the output of terraform show -json PLAN (or tofu show -json PLAN)`,
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
