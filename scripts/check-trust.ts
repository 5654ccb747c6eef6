import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeError, isExpected } from '#core/errors.ts';
import { checkTrust, type TrustedRepository } from '#core/iam/trust.ts';
import { readTrustSources, type TrustSource } from '#core/iam/trust-source.ts';

const USAGE =
  'npm run -s check:trust -- --repository OWNER/REPO --owner-id N --repository-id N --purpose plan|apply|build-push [--subject-form immutable|classic] FILE…';
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
      else faults.push(error.message);
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

/** Returns the options, or the sentence that says what is wrong with them. */
function readOptions(argv: readonly string[]): Options | string {
  const text = { type: 'string' } as const;
  const options = { repository: text, 'owner-id': text, 'repository-id': text, purpose: text, 'subject-form': text };
  let parsed: ReturnType<typeof parseArgs<{ options: typeof options; allowPositionals: true }>>;
  try {
    parsed = parseArgs({ args: [...argv], options, allowPositionals: true });
  } catch (error) {
    return describeError(error).split('. ')[0] ?? 'the options are wrong'; // parseArgs names the option
  }
  const { values, positionals } = parsed;
  const { repository = '', 'owner-id': ownerId = '', 'repository-id': repositoryId = '' } = values;
  const form = values['subject-form'] ?? 'immutable';
  const purpose = PURPOSES.find((known) => known === values.purpose);
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository))
    return `--repository: ${JSON.stringify(repository)} is not OWNER/REPO, such as acme/tenant`;
  if (!/^\d+$/.test(ownerId))
    return `--owner-id: ${JSON.stringify(ownerId)} is no number; ask by gh api repos/${repository} --jq .owner.id`;
  if (!/^\d+$/.test(repositoryId))
    return `--repository-id: ${JSON.stringify(repositoryId)} is no number; ask by gh api repos/${repository} --jq .id`;
  if (purpose === undefined)
    return `--purpose: ${JSON.stringify(values.purpose ?? '')} is none of ${PURPOSES.join(', ')}`;
  if (form !== 'immutable' && form !== 'classic')
    return `--subject-form: ${JSON.stringify(form)} is neither immutable nor classic`;
  if (positionals.length === 0) return 'no file: name a trust policy or the output of terraform show -json PLAN';
  return { repository: { repository, ownerId, repositoryId, subjectForm: form }, purpose, files: positionals };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { code, stdout, stderr } = checkTrustFiles(process.argv.slice(2), (path) => readFileSync(path, 'utf8'));
  for (const line of stdout) console.log(line);
  for (const line of stderr) console.error(line);
  process.exitCode = code;
}
