import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { checkTrustFiles } from '#commands/check-trust.ts';
import { runCommand } from '#commands/command.ts';
import { APPLY, documentOf, equals, REPO, statement } from '#core/aws/iam/tests/trust-cases.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const RETAIN = APPLY.replace('apply', 'retain');
const options = ['--repository', 'acme/tenant', '--owner-id', '1001', '--repository-id', '2002', '--purpose'];
const role = (name: string, purpose: string | undefined, policy: object | undefined) => ({
  address: `aws_iam_role.this["${name}"]`,
  type: 'aws_iam_role',
  change: {
    actions: ['create'],
    after: {
      name,
      ...(policy && { assume_role_policy: JSON.stringify(documentOf(policy)) }),
      ...(purpose && { tags: { purpose } }),
    },
    after_unknown: policy ? {} : { assume_role_policy: true },
  },
});
/** The lines of standard output, and the rest of the result as it is. */
const run = async (purpose: string, files: Record<string, unknown>) => {
  const result = await runCommand(checkTrustFiles, [...options, purpose, ...Object.keys(files)], (path) => {
    const file = files[path];
    return typeof file === 'string' ? file : JSON.stringify(file);
  });
  return { ...result, stdout: result.stdout.split('\n').filter(Boolean) };
};
const planned = (...changes: object[]) => ({ format_version: '1.2', resource_changes: changes });

describe('the command', () => {
  test('a bare document', async () => {
    expect(await run('apply', { 'trust.json': documentOf(statement()) })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await run('plan', { 'trust.json': documentOf(statement({ Principal: '*' })) })).toMatchObject({
      exitCode: 1,
      stdout: [expect.stringContaining('trust.json: GitHub: the principal "*"')],
    });
  });

  test('a plan: the roles of the purpose, and those that say nothing known', async () => {
    const build = statement({ Condition: equals(`${REPO}:ref:refs/heads/main`) });
    const plan = planned(
      role('x-apply', 'apply', statement()),
      role('x-build-push', 'build-push', build),
      role('x-registry-read', 'registry-read', build),
      role('x-retain', 'retain', statement({ Condition: equals(`${REPO}:ref:refs/heads/main`, RETAIN) })),
    );
    expect((await run('apply', { 'plan.json': plan })).exitCode).toBe(0);
    for (const purpose of ['build-push', 'registry-read', 'retain'])
      expect((await run(purpose, { 'plan.json': plan })).exitCode).toBe(0);
    const loose = planned(role('x-retain', 'retain', build));
    expect((await run('retain', { 'plan.json': loose })).stdout).toEqual([
      expect.stringContaining(`is not the one that retains images: write "${RETAIN}"`),
    ]);
    expect(await run('plan', { 'plan.json': plan })).toMatchObject({
      exitCode: 1,
      stdout: ['plan.json: the plan has no role for plan: tag it purpose = "plan"'],
    });
    const open = planned(role('x-apply', 'apply', statement()), role('door', 'other', statement({ Principal: '*' })));
    expect((await run('apply', { 'plan.json': open })).stdout).toEqual([
      expect.stringContaining('aws_iam_role.this["door"]: GitHub: the principal'),
    ]);
    const untagged = planned(role('x-apply', undefined, statement()), role('x-plan', undefined, build));
    expect((await run('apply', { 'plan.json': untagged })).exitCode).toBe(0);
  });

  test('what is known only after the apply is not passed', async () => {
    expect(await run('apply', { 'plan.json': planned(role('apply', 'apply', undefined)) })).toMatchObject({
      exitCode: 1,
      stdout: [expect.stringContaining('known only after the apply')],
    });
  });

  test('every file is checked, and every fault is a line', async () => {
    const bad = documentOf(statement({ Condition: {} }));
    const files = { 'good.json': documentOf(statement()), 'bad.json': bad, 'none.json': '{', 'other.json': {} };
    expect((await run('apply', files)).stdout).toEqual([
      ...['aud', 'sub', 'job_workflow_ref'].map((claim) =>
        expect.stringMatching(`bad\\.json: GitHub: no condition on .*:${claim}: `),
      ),
      expect.stringContaining('is not JSON'),
      expect.stringContaining('is neither a policy document'),
    ]);
  });

  test.each([
    [[], '--repository is missing: give the one to let in, such as acme/tenant'],
    [options.slice(0, 2), '--owner-id is missing'],
    [[...options, 'plan', '--repository', 'acme/*', 'x'], '--repository: "acme/*" is not OWNER/REPO'],
    [[...options, 'deploy', 'x'], '--purpose: "deploy" is none of plan, apply, build-push, registry-read, retain'],
    [[...options, 'plan'], 'no file'],
    [[...options, 'plan', '--owner-id', 'acme', 'x'], '--owner-id: "acme" is not a number'],
    [[...options, 'plan', '--repository-id', '', 'x'], '--repository-id is missing'],
    [[...options, 'plan', '--subject-form', 'old', 'x'], '--subject-form: "old" is neither immutable nor classic'],
    [[...options, 'plan', '--branch', '*', 'x'], '--branch: "*" is not one branch'],
    [[...options, 'plan', '--environment', '', 'x'], '--environment: "" is not one environment'],
    [[...options, 'plan', '--account', '12', 'x'], '--account: "12" is not an AWS account'],
    [[...options, 'plan', '--issuer', 'acme', 'x'], '--issuer: "acme" is not an issuer'],
    [[...options, 'plan', '--issuer', 'http://x.example/*', 'x'], '--issuer: "http://x.example/*" is not an issuer'],
    [['--nonsense'], '"--nonsense" is not an option; there are --repository, '],
    [['--repositry', 'acme/tenant'], '"--repositry" is not an option; did you mean "--repository"?'],
  ])('wrong usage: %j', async (argv, message) => {
    const { exitCode, stderr } = await runCommand(checkTrustFiles, argv, () => '');
    expect(exitCode).toBe(2);
    expect(stderr.split('\n')[0]).toContain(message);
  });
});

describe('a plan', () => {
  const good = role('x-apply', 'apply', statement());
  const open = documentOf(statement({ Principal: '*' }));
  const stated = (change: object, name = 'x', tags: object = { tags: { purpose: 'apply' } }) => ({
    ...role(name, undefined, undefined),
    change: {
      actions: ['create'],
      after_unknown: {},
      ...change,
      after: { ...tags, ...('after' in change && (change.after as object)) },
    },
  });
  const policyOf = (document: object) => ({ assume_role_policy: JSON.stringify(document) });
  const module = (values: object) => ({
    root_module: {
      child_modules: [
        {
          child_modules: [
            {
              resources: [
                { address: 'module.a.module.b.aws_iam_role.x', mode: 'managed', type: 'aws_iam_role', values },
              ],
            },
          ],
        },
      ],
    },
  });
  const faults = async (plan: object, purpose = 'apply'): Promise<readonly string[]> =>
    (await run(purpose, { plan })).stdout;

  test('planned values alone are enough, in modules of modules', async () => {
    expect(
      (await run('apply', { plan: { planned_values: module({ ...policyOf(documentOf(statement())) }) } })).exitCode,
    ).toBe(0);
    expect(await faults({ planned_values: module(policyOf(open)) })).toEqual([
      expect.stringMatching(/^plan module\.a\.module\.b\.aws_iam_role\.x: GitHub: the principal "\*" is everybody/),
    ]);
  });

  test('neither half hides what the other says', async () => {
    const changes = { resource_changes: [{ ...good, address: 'module.a.module.b.aws_iam_role.x' }] };
    const tags = { purpose: 'apply' };
    expect(await faults({ ...changes, planned_values: module({ tags, ...policyOf(open) }) })).toHaveLength(1);
    const same = module({ tags, ...policyOf(documentOf(statement())) });
    expect((await run('apply', { plan: { ...changes, planned_values: same } })).stdout[0]).toContain('1 trust policy');
  });

  test('a role of an AWS service, one that goes and a data source are none of its business', async () => {
    const service = documentOf({
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { Service: 'ec2.amazonaws.com' },
    });
    const others = [
      stated({ after: policyOf(service) }, 'ec2', {}),
      { ...role('gone', 'apply', undefined), change: { actions: ['delete'], after: null, after_unknown: {} } },
      { ...role('read', 'apply', statement({ Principal: '*' })), mode: 'data' },
      {
        address: 'aws_sqs_queue.a',
        type: 'aws_sqs_queue',
        change: { actions: ['create'], after: {}, after_unknown: {} },
      },
    ];
    expect(await run('apply', { plan: planned(good, ...others) })).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await faults(planned(stated({ after: policyOf(service) })))).toEqual([
      expect.stringContaining('allows "sts:AssumeRole"'),
      expect.stringContaining('the principal Service "ec2.amazonaws.com"'),
    ]);
  });

  test('a role that says nothing is checked when it lets everybody in', async () => {
    const everybody = documentOf({ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: '*' } });
    expect((await faults(planned(good, stated({ after: policyOf(everybody) }, 'open', {})))).length).toBeGreaterThan(0);
  });

  test.each<[string, object, string[]]>([
    [
      'a policy that only the apply will tell, with a name that only it will tell',
      planned(stated({ after_unknown: { assume_role_policy: true, name: true, tags: {}, arn: true } })),
      ['the trust policy is known only after the apply'],
    ],
    ['no policy', planned(stated({})), ['has no trust policy']],
    [
      'a tag that only the apply will tell',
      planned(
        good,
        stated({ after: policyOf(documentOf(statement())), after_unknown: { tags: { purpose: true } } }, 'x', {}),
      ),
      ['the tag purpose is known only after the apply'],
    ],
    [
      'tags that only the apply will tell',
      planned(good, stated({ after: policyOf(documentOf(statement())), after_unknown: { tags: true } }, 'x', {})),
      ['the tag purpose is known only after the apply'],
    ],
    [
      'a tag in other capitals',
      planned(good, stated({ after: policyOf(documentOf(statement())) }, 'x', { tags: { purpose: 'Apply' } })),
      ['the tag purpose "Apply" is not known; did you mean "apply"?'],
    ],
    [
      'a tag by default for another purpose',
      planned(stated({ after: policyOf(open) }, 'x', { tags_all: { purpose: 'plan' } })),
      ['the plan has no role for apply'],
    ],
    [
      'one policy that cannot be read, and one that is open',
      planned(
        stated({ after: { assume_role_policy: '{"Statement": [{"Effect": "Maybe"}]}' } }),
        role('y', 'apply', statement({ Principal: '*' })),
      ),
      [
        'aws_iam_role.this["x"]: statement 1: Effect "Maybe" is not an effect',
        'aws_iam_role.this["y"]: GitHub: the principal "*"',
      ],
    ],
    [
      'a key twice in a policy',
      planned(stated({ after: { assume_role_policy: '{"Statement": [], "Statement": []}' } })),
      ['the key "Statement" is there twice in one object'],
    ],
    ['a policy that is no text', planned(stated({ after: { assume_role_policy: 3 } })), ['3 is not a policy document']],
    ['a plan that ended with an error', { ...planned(good), errored: true }, ['the plan ended with an error']],
    ['no role at all', planned(), ['the plan has no role for apply: tag it purpose = "apply"']],
  ])('%s', async (_name, plan, sentences) => {
    expect(await faults(plan)).toEqual(sentences.map((sentence) => expect.stringContaining(sentence)));
  });
});

describe('as a process', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'check-trust-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const start = (purpose: string, ...files: string[]) =>
    spawnSync(process.execPath, ['commands/check-trust.ts', ...options, purpose, ...files], {
      cwd: repositoryRoot,
      encoding: 'utf8',
    });

  test('0 and a sentence for good ones, 1 and a sentence per fault, 2 and the usage', async () => {
    const [good, bad] = [join(folder, 'good.json'), join(folder, 'bad.json')];
    writeFileSync(good, JSON.stringify(documentOf(statement())));
    writeFileSync(
      bad,
      JSON.stringify(documentOf(statement({ Condition: {} }), statement({ Sid: 'Open', Principal: '*' }))),
    );
    expect(start('apply', good)).toMatchObject({ status: 0, stderr: '' });
    const refused = start('apply', good, bad);
    expect(refused).toMatchObject({ status: 1, stderr: '' });
    expect(refused.stdout.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/bad\.json: GitHub: no condition on .*:aud/),
      expect.stringMatching(/bad\.json: GitHub: no condition on .*:sub/),
      expect.stringMatching(/bad\.json: GitHub: no condition on .*:job_workflow_ref/),
      expect.stringMatching(/bad\.json: Open: the principal "\*" is everybody/),
    ]);
    expect(start('apply', join(folder, 'none.json'))).toMatchObject({ status: 1, stderr: '' });
    const wrong = start('deploy', good);
    expect(wrong).toMatchObject({ status: 2, stdout: '' });
    expect(wrong.stderr).toContain('--purpose: "deploy" is none of plan, apply, build-push, registry-read, retain');
  });
});
