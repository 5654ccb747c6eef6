import { describe, expect, test } from '@jest/globals';
import { type Ending, type FailureKind, findFailure } from '#core/terraform/run/failure.ts';
import { readMessages } from '#core/terraform/run/messages.ts';

const NOW = new Date('2026-11-27T07:20:00Z');
const VERSION = '{"@level":"info","terraform":"1.11.4","type":"version","ui":"1.2"}';
const DONE = '{"type":"change_summary","changes":{"add":0,"change":0,"import":0,"remove":0,"operation":"plan"}}';

/** The line of an error, as Terraform prints it. */
function error(summary: string, detail = ''): string {
  return JSON.stringify({ '@level': 'error', type: 'diagnostic', diagnostic: { severity: 'error', summary, detail } });
}

interface Case extends Partial<Omit<Ending, 'said'>> {
  readonly lines?: readonly string[];
}

function fail({ lines = [VERSION], ...more }: Case) {
  const ended = { command: 'terraform plan', code: 1, signal: null, stderr: '', isInterrupted: false, now: NOW };
  return findFailure({ ...ended, ...more, said: readMessages('terraform', lines.join('\n')) });
}

const LOCK =
  'Error message: operation error S3: PutObject, StatusCode: 412\nLock Info:\n  ID:        68b0b04c-1d4f\n  Path:      s3/key\n  Operation: OperationTypeApply\n  Who:       ci@runner-3\n  Version:   1.11.4\n  Created:   2026-11-27 07:05:11.514 +0000 UTC\n  Info:      \n';

describe('each way to fail is named by its own sentence', () => {
  const cases: [string, FailureKind, RegExp, Case][] = [
    [
      'a lock that is held: who, what, since, age, id',
      'lock-held',
      /^terraform plan cannot have the state: it is locked by ci@runner-3 for apply since 2026-11-27 07:05:11 UTC, 15 minutes ago \(id 68b0b04c-1d4f\); wait .*: terraform force-unlock 68b0b04c-1d4f$/,
      { lines: [VERSION, error('Error acquiring the state lock', LOCK)] },
    ],
    [
      'a lock of which nothing is told',
      'lock-held',
      /by an unknown holder; .* ID$/,
      { lines: [VERSION, error('Error acquiring the state lock')] },
    ],
    [
      "the http backend's, which prints the asker's own",
      'lock-held',
      /locked by an unknown holder \(id 9f\); .*force-unlock 9f$/,
      {
        lines: [
          VERSION,
          error('Error acquiring the state lock', `Error message: HTTP remote state already locked: ID=9f\n${LOCK}`),
        ],
      },
    ],
    ['a panic', 'panic', /panic of terraform itself, exit code 11/, { code: 11 }],
    ['a panic that says so', 'panic', /panic/, { stderr: '!!! TERRAFORM CRASH !!!' }],
    ['a kill', 'killed', /memory ran out: .* TF_CLI_ARGS_plan=-parallelism=2$/, { code: null, signal: 'SIGKILL' }],
    ['a kill below a shell', 'killed', /memory ran out/, { code: 137 }],
    ['another signal', 'killed', /ended by SIGTERM/, { code: null, signal: 'SIGTERM' }],
    [
      'a provider that went away',
      'provider-crash',
      /lost a provider/,
      {
        lines: [
          VERSION,
          error(
            'Plugin did not respond',
            'The plugin encountered an error, and failed to respond to the plugin6.(*GRPCProvider).ReadResource call.',
          ),
        ],
      },
    ],
    [
      'expired credentials',
      'credentials',
      /was not let in/,
      {
        lines: [
          VERSION,
          error(
            'reading ECR',
            'api error ExpiredTokenException: The security token included in the request is expired',
          ),
        ],
      },
    ],
    ['no JSON at all', 'no-json', /without the messages that -json promises/, { lines: ['hello'] }],
    ['another exit code without an error', 'no-json', /exit code 3/, { code: 3, lines: [VERSION, DONE] }],
    ['no JSON and exit code 0', 'no-json', /exit code 0/, { code: 0, lines: ['No changes.'] }],
    ['exit code 0 without its end', 'no-json', /exit code 0/, { code: 0 }],
    [
      'the JSON of another program',
      'no-json',
      /no|without/,
      { code: 0, lines: ['{"type":"version","other":"1"}', DONE] },
    ],
    ['a stale plan', 'stale', /state has changed/, { lines: [VERSION, error('Saved plan is stale')] }],
    [
      'other providers',
      'lock-file',
      /terraform init .* commit \.terraform\.lock\.hcl\. A file that tofu wrote .*: terraform refuses it, and one with the entries of both$/,
      { lines: [VERSION, error('Inconsistent dependency lock file')] },
    ],
    ['a cancelled plan', 'interrupted', /nothing was changed/, { isInterrupted: true }],
    [
      'a cancelled apply',
      'interrupted',
      /its lock is free; plan again/,
      { isInterrupted: true, command: 'terraform apply' },
    ],
    ['any error', 'errors', /found an error$/, { lines: [VERSION, error('Unsupported attribute')] }],
    ['errors', 'errors', /found 2 errors$/, { lines: [VERSION, error('a'), error('b')] }],
    ['an error in spite of exit code 0', 'errors', /found an error/, { code: 0, lines: [VERSION, error('a'), DONE] }],
  ];
  test.each(cases)('%s', (_name, kind, sentence, ending) => {
    const failure = fail(ending);
    expect(failure?.kind).toBe(kind);
    expect(failure?.sentence).toMatch(sentence);
  });

  test('exit code 0 and its own word that it is done is no failure', () => {
    expect(fail({ code: 0, lines: [VERSION, DONE] })).toBeUndefined();
  });

  test('a warning is no failure', () => {
    const warning = error('Deprecated').replace('"severity":"error"', '"severity":"warning"');
    expect(fail({ code: 0, lines: [VERSION, warning, DONE] })).toBeUndefined();
  });
});
