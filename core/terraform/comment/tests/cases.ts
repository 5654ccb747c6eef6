import { planOf, type Rendering, resource } from './plan-builder.ts';

const one = (...resources: object[]): Rendering => ({ plans: { aws: planOf(resources) } });
const policy = (...actions: string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'Bot', Effect: 'Allow', Action: actions, Resource: '*' }],
  });
const lines = (count: number, name = 'line'): string =>
  Array.from({ length: count }, (_one, at) => `${name} ${at} of a file that is long`).join('\n');
const many = (count: number, type: string, actions: string[], change: object = {}): object[] =>
  Array.from({ length: count }, (_one, at) => resource(`${type}.queue[${at}]`, actions, { ...change }));

const created = { after: { name: 'x', tags: { owner: 'platform' } }, after_unknown: { arn: true, id: true } };
const gone = { before: { name: 'x', arn: 'arn:aws:sqs:ca-central-1:123456789012:x' } };
const hostile = '</code></summary></details><img src=x> @octocat #1 $x$ ```\n::error::x\n| a |';

/** Plans that no configuration of built-in resources leads to, by the golden folder of their comment. */
export const CASES: Readonly<Record<string, Rendering>> = {
  'drift-only': {
    plans: {
      aws: planOf([], {
        resource_drift: [
          resource('aws_security_group.bot', ['update'], {
            before: { ingress: [], description: 'bot' },
            after: { ingress: [{ from_port: 22, cidr_blocks: ['0.0.0.0/0'] }], description: 'bot' },
          }),
          resource('aws_sqs_queue.jobs', ['delete'], gone),
        ],
      }),
    },
  },
  'tags-known-after-apply': one(
    resource('aws_dynamodb_table.jobs', ['update'], {
      before: { name: 'jobs', ttl: [{ attribute_name: 'expires', enabled: false }], tags_all: { a: '1', b: '2' } },
      after: { name: 'jobs', ttl: [{ attribute_name: 'expires', enabled: true }] },
      after_unknown: { ttl: [{}], tags_all: true },
    }),
  ),
  'policy-statement-added': one(
    resource('aws_iam_role_policy.bot', ['update'], {
      before: { name: 'bot', policy: policy('sqs:SendMessage') },
      after: { name: 'bot', policy: policy('sqs:SendMessage', 'sqs:*') },
    }),
  ),
  'container-definitions': one(
    resource(
      'aws_ecs_task_definition.bot',
      ['delete', 'create'],
      {
        before: {
          family: 'bot',
          container_definitions: JSON.stringify([
            { name: 'bot', image: 'bot@sha256:1', memory: 128, environment: [{ name: 'A', value: '1' }] },
          ]),
        },
        after: {
          family: 'bot',
          container_definitions: JSON.stringify([
            {
              name: 'bot',
              image: 'bot@sha256:2',
              memory: 256,
              environment: [
                { name: 'A', value: '1' },
                { name: 'B', value: '2' },
              ],
            },
          ]),
        },
        after_unknown: { arn: true, revision: true },
        replace_paths: [['container_definitions']],
      },
      { action_reason: 'replace_because_cannot_update' },
    ),
  ),
  'replace-by-many': one(
    resource('aws_db_instance.main', ['delete', 'create'], {
      before: { a: 1, b: [{ c: 1 }], d: 1, e: 1, f: 1, kept: 1 },
      after: { a: 2, b: [{ c: 2 }], d: 2, e: 2, f: 2, kept: 1 },
      replace_paths: [['a'], ['b', 0, 'c'], ['d'], ['e'], ['f']],
    }),
    resource('aws_instance.asked', ['delete', 'create'], gone, { action_reason: 'replace_by_request' }),
    resource('aws_instance.whole', ['create', 'delete'], { ...gone, replace_paths: [[]] }),
  ),
  'create-and-forget': one(
    resource('aws_instance.web', ['create', 'forget'], {
      before: { ami: 'a' },
      after: { ami: 'b' },
      replace_paths: [['ami']],
    }),
  ),
  'unknown-action': one(resource('aws_instance.web', ['hibernate'], { before: { a: 1 }, after: { a: 2 } })),
  'action-invocations': {
    plans: {
      aws: planOf([resource('aws_s3_object.page', ['create'], created)], {
        action_invocations: [
          {
            address: 'action.aws_cloudfront_create_invalidation.all',
            type: 'aws_cloudfront_create_invalidation',
            lifecycle_action_trigger: {
              triggering_resource_address: 'aws_s3_object.page',
              action_trigger_event: 'AfterCreate',
            },
          },
          { address: 'action.aws_lambda_invoke.warm', type: 'aws_lambda_invoke' },
        ],
      }),
    },
  },
  deferred: {
    plans: {
      aws: planOf([resource('aws_vpc.main', ['create'], created)], {
        complete: false,
        deferred_changes: [
          {
            reason: 'instance_count_unknown',
            resource_change: resource('aws_subnet.each["*"]', ['create'], { after: { zone: 'a' } }),
          },
          {
            reason: 'deferred_prereq',
            resource_change: resource('aws_route.out', ['update'], { before: { to: 'a' }, after: { to: 'b' } }),
          },
        ],
      }),
    },
  },
  targeted: { plans: { aws: planOf([resource('aws_vpc.main', ['create'], created)], { complete: false }) } },
  'errors-without-a-plan': {
    plans: { aws: planOf([], { errored: true }) },
    errors: [
      'Error: Unsupported argument\n\n  on main.tf line 3, in resource "aws_sqs_queue" "jobs":\n   3:   nmae = "jobs"\n\nAn argument named "nmae" is not expected here.',
      `Error: ${hostile}`,
    ],
  },
  'checks-of-each-kind': {
    plans: {
      aws: planOf([], {
        checks: [
          {
            address: { to_display: 'check.site' },
            status: 'error',
            instances: [{ status: 'error', problems: [{ message: 'no answer\nin 10 s' }] }],
          },
          {
            address: { to_display: 'output.endpoint' },
            status: 'fail',
            instances: [{ status: 'fail', problems: [{ message: hostile }] }, { status: 'pass' }],
          },
          { address: { to_display: 'check.later' }, status: 'unknown', instances: [{ status: 'unknown' }] },
          { address: { to_display: 'check.fine' }, status: 'pass' },
        ],
      }),
    },
  },
  opentofu: {
    plans: {
      aws: {
        format_version: '1.2',
        terraform_version: '1.10.6',
        timestamp: '2026-11-20T10:00:00Z',
        errored: false,
        resource_changes: [
          resource('aws_sqs_queue.jobs', ['forget'], gone, {
            provider_name: 'registry.opentofu.org/hashicorp/aws',
            action_reason: 'delete_because_no_resource_config',
          }),
          resource(
            'aws_sqs_queue.mine',
            ['no-op'],
            { before: { name: 'mine' }, after: { name: 'mine' }, importing: { id: 'https://sqs.example/mine' } },
            { provider_name: 'registry.opentofu.org/hashicorp/aws' },
          ),
        ],
      },
    },
  },
  'import-by-identity': one(
    resource('aws_s3_bucket.mine', ['no-op'], {
      before: { bucket: 'b' },
      after: { bucket: 'b' },
      importing: { identity: { bucket: 'b', region: 'ca-central-1' } },
    }),
    resource('aws_s3_bucket.later', ['no-op'], { importing: { unknown: true } }),
  ),
  'moves-and-imports': one(
    resource(
      'module.b.aws_sqs_queue.jobs["a.b"]',
      ['no-op'],
      {},
      { previous_address: 'module.a.aws_sqs_queue.jobs["a.b"]' },
    ),
    resource('aws_sqs_queue.both', ['no-op'], { importing: { id: 'both' } }, { previous_address: 'aws_sqs_queue.one' }),
    resource('aws_sqs_queue.same', ['no-op'], {}, { previous_address: 'aws_sqs_queue.same' }),
    resource(
      'aws_sqs_queue.replaced',
      ['delete', 'create'],
      { ...gone, replace_paths: [['name']] },
      { previous_address: 'aws_sqs_queue.old' },
    ),
  ),
  unicode: one(
    resource('aws_iam_user.each["שלום עולם"]', ['create'], {
      after: { name: 'مرحبا', emoji: '👩‍🚀 🇨🇦', cjk: '日本語', accent: 'é', zalgo: 'z̸̡̧̨̛̛̤̪' },
    }),
    resource('aws_iam_user.half', ['create'], { after: { name: 'half \ud83d of a pair' } }),
  ),
  'large-numbers': {
    plans: {
      aws: planOf([
        resource('aws_thing.number', ['update'], { before: { id: 1, ratio: 0.1 }, after: { id: 2, ratio: 1e21 } }),
        resource('aws_thing.text', ['update'], {
          before: { json: '{"id":9007199254740992}' },
          after: { json: '{"id":9007199254740993}' },
        }),
      ]),
    },
  },
  'lists-and-nulls': one(
    resource('aws_security_group.bot', ['update'], {
      before: {
        rules: [
          { port: 80, from: ['a'] },
          { port: 443, from: ['a', 'b'] },
        ],
        empty: [],
        names: ['x', null, 'y'],
        note: null,
        gone: {},
        kind: 'text',
      },
      after: {
        rules: [
          { port: 22, from: ['c'] },
          { port: 80, from: ['a'] },
          { port: 443, from: ['b', 'd'] },
        ],
        empty: null,
        names: ['x', 'y', null],
        note: '',
        gone: null,
        kind: { now: ['a', 'map'] },
      },
    }),
  ),
  'nothing-that-differs': one(resource('aws_instance.web', ['update'], { before: { a: null }, after: {} })),
  'sensitive-of-each-kind': one(
    resource('aws_db_instance.main', ['update'], {
      before: {
        password: 'first-password',
        user: { name: 'app', pass: 'nested-pass' },
        keys: ['kept-key', 'old-key-1'],
        shown: 'was plain text',
        cleared: 'cleared-secret',
        whole: { a: 'a-secret', b: 'b-secret' },
      },
      after: {
        password: null,
        user: { name: 'app', pass: 'nested-pass-2' },
        keys: ['kept-key', 'new-key-2'],
        shown: 'is secret now',
        cleared: null,
        whole: { a: 'a-secret', b: 'b-secret-2' },
        fresh: 'fresh-secret',
      },
      after_unknown: { password: true },
      before_sensitive: { password: true, user: { pass: true }, keys: [true, true], cleared: true, whole: true },
      after_sensitive: {
        password: true,
        user: { pass: true },
        keys: [true, true],
        shown: true,
        whole: true,
        fresh: true,
      },
    }),
  ),
  'secrets-elsewhere': {
    plans: {
      aws: planOf(
        [
          resource('aws_ssm_parameter.token', ['create'], {
            after: { value: 'tök<en>"&1', short: 'abc', flag: 'true', one: '1' },
            after_sensitive: { value: true, short: true, flag: true, one: true },
          }),
          resource('aws_thing.leaks["tök<en>\\"&1"]', ['create'], {
            after: {
              plain: 'Bearer tök<en>"&1',
              json: JSON.stringify({ token: 'tök<en>"&1', flag: 'true', one: 1 }),
              escaped: `not json: ${JSON.stringify('tök<en>"&1')}`,
              go: 'token=t\u00f6k\\u003cen\\u003e\\"\\u00261;',
              url: `https://h.example/?t=${encodeURIComponent('tök<en>"&1')}`,
              form: 't=t%c3%b6k%3cen%3e%22%261&abc=true',
              base64: Buffer.from('user:tök<en>"&1').toString('base64'),
              inside: Buffer.from('{"a":"tök<en>\\"&1"}').toString('base64'),
              key: { 'tök<en>"&1': 'as a key' },
              pem: `-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nq3Zk1l0pmVY8\n-----END KEY-----\n`,
              onePemLine: 'found q3Zk1l0pmVY8 in a log',
              variable: 'latest test of the-variable',
              login: 'https://user:pass@h.example',
              number: 40961234,
            },
          }),
        ],
        {
          variables: {
            pin: { value: 40961234 },
            name: { value: 'the-variable' },
            mode: { value: 'test' },
            plain: { value: 'Bearer' },
          },
          configuration: {
            root_module: {
              variables: { pin: { sensitive: true }, name: { sensitive: true }, mode: { sensitive: true }, plain: {} },
              module_calls: {
                db: {
                  expressions: { password: { constant_value: 'module-literal' } },
                  module: { variables: { password: { sensitive: true, default: 'module-default' } } },
                },
              },
            },
          },
          output_changes: {
            key: {
              actions: ['create'],
              before: null,
              after: '-----BEGIN KEY-----\nMIIEpAIBAAKCAQEA7\nq3Zk1l0pmVY8\n-----END KEY-----\n',
              after_sensitive: true,
            },
            leak: {
              actions: ['create'],
              before: null,
              after: 'module-literal module-default from-the-state',
              after_sensitive: false,
            },
          },
          prior_state: {
            values: {
              root_module: {
                child_modules: [
                  { resources: [{ values: { secret: 'from-the-state' }, sensitive_values: { secret: true } }] },
                ],
              },
            },
          },
        },
      ),
    },
  },
  'hostile-names': {
    plans: {
      [`stack ${hostile}`]: planOf(
        [
          resource(`aws_${hostile}.x["${hostile}"]`, ['delete'], gone, {
            type: hostile,
            deposed: hostile,
            action_reason: hostile,
          }),
          resource('aws_x.y', ['no-op'], { importing: { id: hostile } }, { previous_address: `aws_x.z["${hostile}"]` }),
          resource('aws_x.w', [hostile], { before: { [hostile]: hostile }, after: { [hostile]: `${hostile}.` } }),
        ],
        { output_changes: { [hostile]: { actions: ['create'], before: null, after: hostile } } },
      ),
      'other|stack`': planOf([]),
    },
  },
  'huge-value': one(
    resource('aws_s3_object.page', ['update'], {
      before: { content: lines(40_000) },
      after: { content: lines(40_000).replace('line 20000 of', 'line 20000 from') },
    }),
    resource('aws_s3_object.one_line', ['update'], {
      before: { content: `${'x'.repeat(550_000)}a${'y'.repeat(550_000)}` },
      after: { content: `${'x'.repeat(550_000)}b${'y'.repeat(550_000)}` },
    }),
    resource('aws_s3_object.new', ['create'], { after: { content: lines(40_000), line: 'x'.repeat(1_100_000) } }),
  ),
  'ten-thousand': {
    plans: {
      aws: planOf([
        ...many(5_000, 'aws_sqs_queue', ['create'], created),
        resource('aws_dynamodb_table.jobs', ['delete'], gone),
        resource('aws_kms_key.main', ['delete'], gone, { action_reason: 'delete_because_no_resource_config' }),
        resource('aws_s3_bucket.reports', ['delete'], gone),
        ...many(4_997, 'aws_sqs_queue', ['create'], created),
        ...many(3, 'aws_iam_role', ['create'], created),
      ]),
    },
    rest: 'see the job summary',
    head: '3f2a1c9d5e',
  },
  'many-destroys': {
    ...one(
      ...many(2_000, 'aws_sqs_queue', ['delete'], gone),
      ...many(40, 'aws_sns_topic', ['update'], { before: { a: 1 }, after: { a: 2 } }),
    ),
    rest: 'see the job summary',
  },
  'large-diffs': {
    ...one(
      ...many(30, 'aws_instance', ['update'], {
        before: { user_data: lines(60, 'old') },
        after: { user_data: lines(60, 'new') },
      }),
      ...many(20, 'aws_sqs_queue', ['update'], { before: { delay: 1 }, after: { delay: 2 } }),
      ...many(300, 'aws_sns_topic', ['create'], created),
    ),
    rest: 'see the job summary',
  },
  'many-stacks': {
    plans: {
      'terraform/aws': planOf([
        resource('aws_sqs_queue.jobs', ['update'], { before: { delay: 1 }, after: { delay: 2 } }),
      ]),
      'terraform/bootstrap': planOf([]),
      'terraform/data': planOf([
        resource('aws_dynamodb_table.jobs', ['delete'], gone, { action_reason: 'delete_because_no_resource_config' }),
      ]),
      'terraform/secrets': planOf([], { output_changes: { arn: { actions: ['update'], before: 'a', after: 'b' } } }),
      'terraform/broken': planOf([], { errored: true }),
    },
    head: '3f2a1c9d5e',
  },
  'hundreds-of-stacks': {
    plans: Object.fromEntries(
      Array.from({ length: 900 }, (_one, at): [string, object] => [
        `stacks/number-${at}`,
        planOf(
          at % 3 === 0
            ? [
                resource(
                  `aws_sqs_queue.jobs_${at}`,
                  at % 9 === 0 ? ['delete'] : ['create'],
                  at % 9 === 0 ? gone : created,
                ),
              ]
            : [],
        ),
      ]),
    ),
    rest: 'see the job summary',
  },
  'approved-differs': {
    plans: {
      aws: planOf(
        [
          resource('aws_sqs_queue.same', ['create'], created),
          resource('aws_sqs_queue.other_value', ['update'], { before: { delay: 1 }, after: { delay: 30 } }),
          resource('aws_sqs_queue.state_moved', ['update'], { before: { delay: 3 }, after: { delay: 2 } }),
          resource('aws_sqs_queue.worse', ['delete', 'create'], {
            before: { name: 'a' },
            after: { name: 'b' },
            replace_paths: [['name']],
          }),
          resource('aws_dynamodb_table.jobs', ['delete'], gone),
        ],
        {
          output_changes: {
            url: { actions: ['update'], before: 'a', after: 'c' },
            new: { actions: ['create'], before: null, after: 1 },
          },
        },
      ),
    },
    approved: planOf(
      [
        resource('aws_sqs_queue.same', ['create'], created),
        resource('aws_sqs_queue.other_value', ['update'], { before: { delay: 1 }, after: { delay: 2 } }),
        resource('aws_sqs_queue.state_moved', ['update'], { before: { delay: 1 }, after: { delay: 2 } }),
        resource('aws_sqs_queue.worse', ['update'], { before: { name: 'a' }, after: { name: 'b' } }),
        resource('aws_sqs_queue.no_longer', ['create'], created),
      ],
      { output_changes: { url: { actions: ['update'], before: 'a', after: 'b' } } },
    ),
  },
  'approved-is-the-same': {
    plans: { aws: planOf([resource('aws_sqs_queue.jobs', ['delete'], gone)]) },
    approved: planOf([resource('aws_sqs_queue.jobs', ['delete'], gone)]),
  },
  empty: { plans: { aws: planOf([]) }, head: '3f2a1c9d5e' },
};
