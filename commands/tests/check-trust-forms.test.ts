import { expect, test } from '@jest/globals';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { runCommand } from '#commands/command.ts';
import { documentOf, equals, REPO, statement } from '#core/aws/iam/tests/trust-cases.ts';

const options = ['--repository', 'acme/tenant', '--owner-id', '1001', '--repository-id', '2002', '--purpose'];

test('a transition is said, with the way out of it', async () => {
  const both = documentOf(
    statement({ Condition: equals(['repo:acme/tenant:environment:aws', `${REPO}:environment:aws`]) }),
  );
  const argv = [...options, 'apply', '--subject-form', 'transition', 'trust.json'];
  const { exitCode, stdout } = await runCommand(checkTrustFiles, argv, () => JSON.stringify(both));
  expect([exitCode, stdout.split('\n')]).toEqual([
    0,
    [
      '1 trust policy lets in acme/tenant for apply, and no one else',
      'in transition: the subjects without ids let in anyone who takes over the name acme/tenant; once GitHub sends ids, take them out and check with --subject-form immutable',
      '',
    ],
  ]);
  const done = documentOf(statement());
  const said = [...options, 'apply', '--subject-form', 'immutable', 'trust.json'];
  expect((await runCommand(checkTrustFiles, said, () => JSON.stringify(done))).exitCode).toBe(0);
});

test.each(['https://token.actions.githubusercontent.com/acme', 'token.actions.githubusercontent.com/acme'])(
  'the issuer %s of an enterprise',
  async (issuer) => {
    const text = JSON.stringify(documentOf(statement())).replaceAll(
      'token.actions.githubusercontent.com',
      'token.actions.githubusercontent.com/acme',
    );
    const run = (...more: string[]) =>
      runCommand(checkTrustFiles, [...options, 'apply', ...more, 'trust.json'], () => text);
    const refused = await run();
    expect(refused.exitCode).toBe(1);
    const [, remedy = ''] = /--issuer (\S+)/.exec(refused.stdout) ?? [];
    expect((await run('--issuer', remedy)).exitCode).toBe(0);
    expect((await run('--issuer', issuer)).exitCode).toBe(0);
  },
);
