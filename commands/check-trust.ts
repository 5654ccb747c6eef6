import { checkTrust, PURPOSES, type TrustedRepository } from '#core/aws/iam/trust.ts';
import { readTrustSources, type TrustSource } from '#core/aws/iam/trust-source.ts';
import { describeError, isExpected, quote } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, main, UsageError } from './command.ts';
import { fromCaller } from './paths.ts';
import { readPlanFile } from './plan-file.ts';

const SUBJECT_FORMS = ['immutable', 'classic', 'transition'] as const;
type Purpose = (typeof PURPOSES)[number];
type Read = (path: string) => string | Promise<string>;

const options = {
  repository: { type: 'string', value: 'OWNER/REPO', required: true, help: 'the one to let in, such as acme/tenant' },
  'owner-id': {
    type: 'string',
    value: 'N',
    required: true,
    help: "its owner's number: gh api repos/OWNER/REPO --jq .owner.id",
  },
  'repository-id': {
    type: 'string',
    value: 'N',
    required: true,
    help: 'its own number: gh api repos/OWNER/REPO --jq .id',
  },
  purpose: {
    type: 'string',
    value: PURPOSES.join('|'),
    required: true,
    help: 'what the roles are for; apply and retain are for the workflow of that name alone',
  },
  'subject-form': {
    type: 'string',
    value: 'immutable|classic|transition',
    help: "the form of GitHub's subjects, or both side by side; immutable unless given",
  },
  branch: { type: 'string', value: 'NAME', help: 'the branch that builds and applies; main unless given' },
  environment: { type: 'string', value: 'NAME', help: 'the GitHub environment of the apply job; aws unless given' },
  issuer: {
    type: 'string',
    value: 'URL',
    help: "the issuer of GitHub's tokens, where the enterprise has its own; https://token.actions.githubusercontent.com unless given",
  },
  account: { type: 'string', value: 'N', help: 'the AWS account, 12 digits; any unless given' },
} as const;
type Values = Readonly<Partial<Record<keyof typeof options, string>>>;

/** Checks the trust policies in files; a sentence per fault on standard output. */
export const checkTrustFiles = defineCommand({
  name: 'npm run -s check:trust --',
  summary: "Says whether anyone but a repository's own workflows could assume a role.",
  options,
  operands: 'FILE…',
  example: '--repository acme/tenant --owner-id 1001 --repository-id 2002 --purpose apply plan.json',
  exitCodes: ['every trust policy lets in that repository alone', 'a fault, each in a line', 'wrong usage'],
  run: async ({ values, operands: files }, read: Read): Promise<CommandResult> => {
    const purpose = readPurpose(values);
    const repository = readRepository(values);
    if (files.length === 0) throw new UsageError('no file: name a trust policy, a saved plan or its JSON');
    const found = await Promise.all(files.map((file) => checkFile(file, read, purpose, repository)));
    const faults = found.flatMap((file) => file.faults);
    if (faults.length > 0) return { exitCode: 1, stdout: toLines(faults), stderr: '' };
    const checked = found.reduce((sum, file) => sum + file.checked, 0);
    const policies = checked === 1 ? '1 trust policy lets' : `${checked} trust policies let`;
    const sentence = `${policies} in ${repository.repository} for ${purpose}, and no one else`;
    return { exitCode: 0, stdout: toLines([sentence, ...remindOfTransition(repository)]), stderr: '' };
  },
});

/** The older form is open to anyone who takes over the name: it must not stay. */
function remindOfTransition({ repository, subjectForm }: TrustedRepository): string[] {
  return subjectForm === 'transition'
    ? [
        `in transition: the subjects without ids let in anyone who takes over the name ${repository}; once GitHub sends ids, take them out and check with --subject-form immutable`,
      ]
    : [];
}

/** Returns how many policies a file holds and what is wrong with them; one that cannot be read is a fault itself. */
async function checkFile(
  file: string,
  read: Read,
  purpose: Purpose,
  repository: TrustedRepository,
): Promise<{ checked: number; faults: readonly string[] }> {
  try {
    const sources = readTrustSources(file, await read(file), purpose);
    return { checked: sources.length, faults: sources.flatMap((source) => faultsOf(source, repository)) };
  } catch (error) {
    if (isExpected(error)) return { checked: 0, faults: error.message.split('\n') };
    return { checked: 0, faults: [`${file} cannot be read: ${describeError(error)}`] };
  }
}

function faultsOf(source: TrustSource, repository: TrustedRepository): string[] {
  if ('fault' in source) return [`${source.name}: ${source.fault}`];
  return checkTrust(source.statements, repository, source.purpose).map((fault) => `${source.name}: ${fault}`);
}

function readPurpose({ purpose = '' }: Values): Purpose {
  const known = PURPOSES.find((one) => one === purpose);
  if (known === undefined) throw new UsageError(`--purpose: ${quote(purpose)} is none of ${PURPOSES.join(', ')}`);
  return known;
}

/** Each option's form, and what to do when the value has another. */
const FORMS: readonly [keyof Values, RegExp, string][] = [
  ['repository', /^[\w.-]+\/[\w.-]+$/, 'is not OWNER/REPO, such as acme/tenant'],
  ['owner-id', /^\d+$/, 'is not a number: ask gh api repos/OWNER/REPO --jq .owner.id'],
  ['repository-id', /^\d+$/, 'is not a number: ask gh api repos/OWNER/REPO --jq .id'],
  ['subject-form', /^(immutable|classic|transition)$/, 'is neither immutable nor classic, nor transition'],
  ['branch', /^[^\s*?:$]+$/, 'is not one branch, such as main'],
  ['environment', /^[^*?$]+$/, 'is not one environment, such as aws'],
  [
    'issuer',
    /^(https:\/\/)?[\w-]+(\.[\w-]+)+(:\d+)?(\/[\w.-]+)*$/,
    'is not an issuer, such as token.actions.githubusercontent.com/acme',
  ],
  ['account', /^\d{12}$/, 'is not an AWS account: write its 12 digits'],
];

function readRepository(values: Values): TrustedRepository {
  for (const [name, form, remedy] of FORMS) {
    const value = values[name];
    if (value !== undefined && !form.test(value)) throw new UsageError(`--${name}: ${quote(value)} ${remedy}`);
  }
  const { repository = '', 'owner-id': ownerId = '', 'repository-id': repositoryId = '' } = values; // all three required
  const { branch, environment, account } = values;
  const issuer = values.issuer?.replace(/^https:\/\//, '');
  const subjectForm = SUBJECT_FORMS.find((form) => form === values['subject-form']) ?? 'immutable';
  return { repository, ownerId, repositoryId, subjectForm, branch, environment, issuer, account };
}

function toLines(sentences: readonly string[]): string {
  return sentences.map((sentence) => `${sentence}\n`).join('');
}

if (import.meta.main) await main(checkTrustFiles, (path) => readPlanFile(fromCaller(path, import.meta.filename)));
