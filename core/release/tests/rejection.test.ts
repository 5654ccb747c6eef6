import { describe, expect, test } from '@jest/globals';
import { explainRejection, isFinal } from '#core/release/rejection.ts';

const remedyOf = (reason: string): string => explainRejection('main', reason).message.split(`${reason}; `)[1] ?? '';

describe('GitHub refuses workflow files', () => {
  // as logs of its users show them
  const words: [string, string][] = [
    [
      'of a job or an App',
      '[remote rejected] (refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yml` without `workflows` permission)',
    ],
    [
      'by a rule',
      '[remote rejected] (push declined due to repository rule violations) error: GH013: Repository rule violations found for refs/heads/main. - refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yml` without `workflows` permission',
    ],
    [
      'beside refs that failed with it',
      '[remote rejected] (atomic transaction failed) [remote rejected] (refusing to allow a GitHub App to create or update workflow `.github/workflows/a.yml` without `workflows` permission)',
    ],
    [
      'of a personal access token',
      '[remote rejected] (refusing to allow a Personal Access Token to create or update workflow `.github/workflows/a.yml` without `workflow` scope)',
    ],
    [
      'of an OAuth app',
      '[remote rejected] (refusing to allow an OAuth App to create or update workflow `.github/workflows/a.yml` without `workflow` scope)',
    ],
  ];

  test.each(words)('%s: no other try, and a remedy that a job can have', (_whose, reason) => {
    expect(isFinal({ outcome: 'rejected', reason })).toBe(true);
    expect(remedyOf(reason)).toMatch(
      /^make \.github\/workflows on main the same as on the default branch, or pass as `token`/,
    );
    expect(remedyOf(reason)).toMatch(/Workflows: write.*scope workflow.*`permissions:` of a job cannot give it/);
    expect(remedyOf(reason)).not.toMatch(/contents: write|bypass list|workflows: write/);
  });

  test('where it could not look in time: another try, and then the same remedy', () => {
    const reason =
      '[remote rejected] (Unable to determine if workflow can be created or updated due to timeout; `workflows` scope may be required.)';
    expect(isFinal({ outcome: 'rejected', reason })).toBe(false);
    expect(remedyOf(reason)).toMatch(/^run the job again, and if GitHub says the same: make/);
  });
});

test.each<[string, string, RegExp]>([
  ['HTTP 403', "fatal: unable to access 'https://h/': The requested URL returned error: 403", /contents: write/],
  ['no credentials', "fatal: could not read Username for 'https://h': terminal prompts disabled", /contents: write/],
  ['other credentials', "fatal: Authentication failed for 'https://h/'", /contents: write/],
  ['a rule', 'error: GH013: Repository rule violations found for refs/heads/main.', /bypass list/],
  ['signatures', 'error: GH013: Commits must have verified signatures.', /transport: api/],
])('%s is final, with its own remedy', (_what, reason, remedy) => {
  expect(isFinal({ outcome: 'rejected', reason })).toBe(true);
  expect(remedyOf(reason)).toMatch(remedy);
});

test.each(['[rejected] (stale info)', '[remote rejected] (failed to update ref)', '[rejected] (fetch first)'])(
  'a race is worth another look: %s',
  (reason) => {
    expect(isFinal({ outcome: 'rejected', reason })).toBe(false);
  },
);
