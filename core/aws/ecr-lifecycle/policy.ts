import * as z from 'zod';
import { refuseSchema } from '#core/aws/ecr-lifecycle/policy-faults.ts';
import { InputError } from '#core/values/errors.ts';

/** Which images a rule is for, and how many of them or for how long they stay. */
export interface Selection {
  readonly tagStatus: 'tagged' | 'untagged' | 'any';
  /** An image needs a tag for each of them. Only one of the two lists, and only for `tagged`. */
  readonly tagPatternList: readonly string[] | undefined;
  readonly tagPrefixList: readonly string[] | undefined;
  readonly storageClass: 'standard' | 'archive';
  readonly countType: CountType;
  /** Images for `imageCountMoreThan`, days for the others. */
  readonly countNumber: number;
}

/** What a rule counts. */
export type CountType = 'imageCountMoreThan' | 'sinceImagePushed' | 'sinceImagePulled' | 'sinceImageTransitioned';

/** One rule of a lifecycle policy. */
export interface Rule {
  /** Its rulePriority; the lowest is applied first. */
  readonly priority: number;
  readonly description: string | undefined;
  readonly selection: Selection;
  /** `expire` deletes an image, `archive` makes it one that cannot be pulled. */
  readonly action: 'expire' | 'archive';
}

/** An ECR lifecycle policy, its rules in the order in which they are applied. */
export interface LifecyclePolicy {
  readonly rules: readonly Rule[];
}

/** Quota "Rules per lifecycle policy" of ECR. */
const MOST_RULES = 50;
/** LifecyclePolicies, "Important": wildcards in one string of a tagPatternList. */
const MOST_WILDCARDS = 4;
/** archive-image: the shortest time in the archive. */
const ARCHIVE_DAYS = 90;

const positive = z.int('is not a whole number').min(1, 'is too small: ECR takes whole numbers from 1 on');
const names = z
  .array(z.string().min(1, 'is empty: write a tag or the part that the tags share'))
  .min(1, 'is empty: name at least one');

const rule = z.strictObject({
  rulePriority: positive,
  description: z.string().optional(),
  selection: z.strictObject({
    tagStatus: z.enum(['tagged', 'untagged', 'any']),
    tagPatternList: names.optional(),
    tagPrefixList: names.optional(),
    storageClass: z.enum(['standard', 'archive']).optional(),
    countType: z.enum(['imageCountMoreThan', 'sinceImagePushed', 'sinceImagePulled', 'sinceImageTransitioned']),
    countUnit: z.enum(['days']).optional(),
    countNumber: positive,
  }),
  action: z.strictObject({
    type: z.enum(['expire', 'transition']),
    targetStorageClass: z.enum(['archive']).optional(),
  }),
});

const policy = z.strictObject({
  rules: z
    .array(rule)
    .min(1, 'is empty: a policy has at least one rule')
    .max(MOST_RULES, `has too many rules: ECR takes ${MOST_RULES}`),
});

type WrittenRule = z.output<typeof rule>;

/** Returns a lifecycle policy from its text; refuses, with the first fault, what ECR would refuse. */
export function parsePolicy(file: string, text: string): LifecyclePolicy {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InputError(file, text.slice(0, 40), 'is not JSON: expected {"rules": […]}', { cause });
  }
  const parsed = policy.safeParse(json);
  if (!parsed.success) throw refuseSchema(file, json, parsed.error);
  for (const [index, written] of parsed.data.rules.entries()) checkRule(`${file} rules[${index}]`, written);
  checkTogether(file, parsed.data.rules);
  const rules = parsed.data.rules.map(toRule).sort((one, other) => one.priority - other.priority);
  return { rules };
}

const answerOfGet = z.looseObject({ lifecyclePolicyText: z.string() });

/** Returns a policy from a file that holds it, or the answer of `aws ecr get-lifecycle-policy`. */
export function parsePolicyFile(file: string, text: string): LifecyclePolicy {
  let inner: string | undefined;
  try {
    inner = answerOfGet.safeParse(JSON.parse(text)).data?.lifecyclePolicyText;
  } catch {
    inner = undefined; // parsePolicy says what is wrong
  }
  return parsePolicy(file, inner ?? text);
}

/** Something that a rule says and ECR does not take: when it holds, the key, its value, what is expected. */
type Fault = readonly [holds: boolean, key: string, value: unknown, expected: string];

function checkRule(place: string, rule: WrittenRule): void {
  const faults = [...listFaults(rule), ...countFaults(rule), ...actionFaults(rule)];
  const [, key, value, expected] = faults.find(([holds]) => holds) ?? [];
  if (key === undefined || expected === undefined) return;
  throw new InputError(`${place}.${key}`, typeof value === 'string' ? value : JSON.stringify(value ?? ''), expected);
}

function listFaults({ selection: { tagStatus, tagPatternList, tagPrefixList } }: WrittenRule): Fault[] {
  const lists = tagPatternList ?? tagPrefixList;
  const wild = tagPatternList?.find((pattern) => pattern.split('*').length - 1 > MOST_WILDCARDS);
  return [
    [
      tagPatternList !== undefined && tagPrefixList !== undefined,
      'selection.tagPrefixList',
      tagPrefixList,
      'is beside a tagPatternList: a rule has one of the two',
    ],
    [
      tagStatus === 'tagged' && lists === undefined,
      'selection.tagStatus',
      tagStatus,
      'needs a tagPatternList or a tagPrefixList: add one',
    ],
    [
      tagStatus !== 'tagged' && lists !== undefined,
      'selection.tagStatus',
      tagStatus,
      'takes no tagPatternList or tagPrefixList: leave it out, or write tagged',
    ],
    [
      wild !== undefined,
      'selection.tagPatternList',
      wild,
      `has more than ${MOST_WILDCARDS} wildcards, which is the most that ECR takes`,
    ],
  ];
}

function countFaults({ selection: { storageClass, countType, countUnit, countNumber } }: WrittenRule): Fault[] {
  const isArchived = countType === 'sinceImageTransitioned';
  return [
    [
      countType === 'imageCountMoreThan' && countUnit !== undefined,
      'selection.countUnit',
      countUnit,
      'does not go with imageCountMoreThan: leave it out',
    ],
    [
      countType !== 'imageCountMoreThan' && countUnit === undefined,
      'selection.countType',
      countType,
      'needs a countUnit: add "countUnit": "days"',
    ],
    [
      isArchived && storageClass !== 'archive',
      'selection.storageClass',
      storageClass,
      'is not archive, which sinceImageTransitioned needs',
    ],
    [
      !isArchived && storageClass === 'archive',
      'selection.storageClass',
      storageClass,
      `does not go with ${countType}: only sinceImageTransitioned looks into the archive`,
    ],
    [
      isArchived && countNumber < ARCHIVE_DAYS,
      'selection.countNumber',
      countNumber,
      `is too small: an image stays in the archive for at least ${ARCHIVE_DAYS} days`,
    ],
  ];
}

function actionFaults({ selection: { countType }, action: { type, targetStorageClass } }: WrittenRule): Fault[] {
  return [
    [
      countType === 'sinceImageTransitioned' && type !== 'expire',
      'action.type',
      type,
      'does not go with sinceImageTransitioned, which only expires',
    ],
    [
      countType === 'sinceImagePulled' && type !== 'transition',
      'action.type',
      type,
      'does not go with sinceImagePulled, which only moves to the archive: write transition',
    ],
    [
      type === 'transition' && targetStorageClass === undefined,
      'action.type',
      type,
      'needs a target: add "targetStorageClass": "archive"',
    ],
    [
      type === 'expire' && targetStorageClass !== undefined,
      'action.targetStorageClass',
      targetStorageClass,
      'does not go with expire: leave it out, or write transition',
    ],
  ];
}

/** What rules must not say together: "a unique set of prefixes" and "only one rule" for untagged, per storage class. */
function checkTogether(file: string, rules: readonly WrittenRule[]): void {
  for (const [index, rule] of rules.entries()) {
    const place = `${file} rules[${index}]`;
    const { rulePriority, selection } = rule;
    const twin = rules.findIndex((other) => other.rulePriority === rulePriority);
    if (twin < index)
      throw new InputError(
        `${place}.rulePriority`,
        String(rulePriority),
        `is that of rules[${twin}], too: give each rule its own`,
      );
    const same = rules.findIndex((other) => selectionKey(other) === selectionKey(rule));
    if (same < index && selection.tagStatus !== 'any') throw sameSelection(place, rule, same);
    const later = rules.findIndex(
      (other) => other.rulePriority > rulePriority && storageOf(other.selection) === storageOf(selection),
    );
    if (selection.tagStatus === 'any' && later !== -1)
      throw new InputError(
        `${place}.rulePriority`,
        String(rulePriority),
        `is not the highest: a rule for any image comes last, behind rules[${later}]`,
      );
  }
}

function sameSelection(place: string, { selection }: WrittenRule, other: number): InputError {
  if (selection.tagStatus === 'untagged')
    return new InputError(
      `${place}.selection.tagStatus`,
      'untagged',
      `is that of rules[${other}], too: only one rule may select untagged images`,
    );
  const kind = selection.tagPatternList === undefined ? 'tagPrefixList' : 'tagPatternList';
  return new InputError(
    `${place}.selection.${kind}`,
    JSON.stringify(selection[kind]),
    `is that of rules[${other}], too: merge the two rules`,
  );
}

function selectionKey({ selection }: WrittenRule): string {
  const { tagStatus, tagPatternList, tagPrefixList } = selection;
  const sorted = (list: readonly string[] | undefined): string[] => [...new Set(list)].sort();
  return JSON.stringify([storageOf(selection), tagStatus, sorted(tagPatternList), sorted(tagPrefixList)]);
}

function storageOf({ storageClass }: WrittenRule['selection']): Selection['storageClass'] {
  return storageClass ?? 'standard';
}

function toRule({ rulePriority, description, selection, action }: WrittenRule): Rule {
  const { tagStatus, tagPatternList, tagPrefixList, countType, countNumber } = selection;
  return {
    priority: rulePriority,
    description,
    selection: { tagStatus, tagPatternList, tagPrefixList, storageClass: storageOf(selection), countType, countNumber },
    action: action.type === 'expire' ? 'expire' : 'archive',
  };
}
