import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { checkTrust, type TrustedRepository } from '#core/aws/iam/trust.ts';
import { readTrustSources, type TrustSource } from '#core/aws/iam/trust-source.ts';
import { describeError, isExpected, quote } from '#core/values/errors.ts';
import { fromCaller } from './paths.ts';

const USAGE =
  'npm run -s check:trust -- --repository OWNER/REPO --owner-id N --repository-id N --purpose plan|apply|build-push [--subject-form immutable|classic] [--branch main] [--environment NAME] [--account N] FILE…';
const PURPOSES = ['plan', 'apply', 'build-push'] as const;

interface Options {
  readonly repository: TrustedRepository;
  readonly purpose: (typeof PURPOSES)[number];
  readonly files: readonly string[];
}

/** What the command leaves: its exit code (1 for faults, 2 for wrong usage) and the lines that it prints. */
export interface Checked {
  readonly code: 0 | 1 | 2;
  readonly stdout: readonly string[];
  readonly stderr: readonly string[];
}

/** Checks the trust policies in files; a sentence per fault. */
export function checkTrustFiles(argv: readonly string[], read: (path: string) => string): Checked {
  const options = readOptions(argv);
  if (typeof options === 'string') return { code: 2, stdout: [], stderr: [options, `usage: ${USAGE}`] };
  const { repository, purpose, files } = options;
  const faults: string[] = [];
  let checked = 0;
  for (const file of files) {
    try {
      for (const source of readTrustSources(file, read(file), purpose)) {
        checked++;
        faults.push(...faultsOf(source, repository));
      }
    } catch (error) {
      if (!isExpected(error)) faults.push(`${file} cannot be read: ${describeError(error)}`);
      else faults.push(...error.message.split('\n'));
    }
  }
  if (faults.length > 0) return { code: 1, stdout: faults, stderr: [] };
  const policies = checked === 1 ? '1 trust policy lets' : `${checked} trust policies let`;
  return { code: 0, stdout: [`${policies} in ${repository.repository} for ${purpose} and nobody else`], stderr: [] };
}

function faultsOf(source: TrustSource, repository: TrustedRepository): string[] {
  if ('fault' in source) return [`${source.name}: ${source.fault}`];
  return checkTrust(source.statements, repository, source.purpose).map((fault) => `${source.name}: ${fault}`);
}

const text = { type: 'string' } as const;
const OPTIONS = {
  repository: text,
  'owner-id': text,
  'repository-id': text,
  purpose: text,
  'subject-form': text,
  branch: text,
  environment: text,
  account: text,
};
type Values = Readonly<Partial<Record<keyof typeof OPTIONS, string>>>;

/** Returns the options, or the sentence that says what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  let parsed: { values: Values; positionals: string[] };
  try {
    parsed = parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    return describeError(error).split('. ')[0] ?? 'the options are wrong'; // parseArgs names the option
  }
  const { values, positionals: files } = parsed;
  const {
    repository = '',
    'owner-id': ownerId = '',
    'repository-id': repositoryId = '',
    branch,
    environment,
    account,
  } = values;
  const subjectForm = values['subject-form'] === 'classic' ? 'classic' : 'immutable';
  const purpose = PURPOSES.find((known) => known === values.purpose);
  const fault = findFault(values);
  if (fault !== undefined || purpose === undefined)
    return fault ?? `--purpose: ${quote(values.purpose ?? '')} is none of ${PURPOSES.join(', ')}`;
  if (files.length === 0) return 'no file: name a trust policy or the output of terraform show -json PLAN';
  return {
    repository: { repository, ownerId, repositoryId, subjectForm, branch, environment, account },
    purpose,
    files,
  };
}

/** Each option's form, and what to do when the value has another. */
function findFault(values: Values): string | undefined {
  const { repository = '' } = values;
  const forms: [keyof Values, RegExp, string][] = [
    ['repository', /^[\w.-]+\/[\w.-]+$/, 'is not OWNER/REPO, such as acme/tenant'],
    ['owner-id', /^\d+$/, `is no number; ask by gh api repos/${repository} --jq .owner.id`],
    ['repository-id', /^\d+$/, `is no number; ask by gh api repos/${repository} --jq .id`],
    ['subject-form', /^(immutable|classic)$/, 'is neither immutable nor classic'],
    ['branch', /^[^\s*?:$]+$/, 'is not one branch, such as main'],
    ['environment', /^[^*?$]+$/, 'is not one environment, such as aws'],
    ['account', /^\d{12}$/, 'is no AWS account: write its 12 digits'],
  ];
  const isAsked = (name: keyof Values): boolean =>
    values[name] !== undefined || /^(repository|owner-id|repository-id)$/.test(name);
  const wrong = forms.find(([name, form]) => isAsked(name) && !form.test(values[name] ?? ''));
  return wrong === undefined ? undefined : `--${wrong[0]}: ${quote(values[wrong[0]] ?? '')} ${wrong[2]}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, stdout, stderr } = checkTrustFiles(process.argv.slice(2), (path) =>
    readFileSync(fromCaller(path, import.meta.filename), 'utf8'),
  );
  for (const line of stdout) console.log(line);
  for (const line of stderr) console.error(line);
  process.exitCode = code;
}
