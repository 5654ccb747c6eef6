import { gone, hostile, one, policy } from './case-parts.ts';
import { planOf, type Rendering, resource } from './plan-builder.ts';

/** Plans whose values are the hard part, by the golden folder of their comment. */
export const VALUES: Readonly<Record<string, Rendering>> = {
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
};
