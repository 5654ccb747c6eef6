import { created, gone, hostile, one } from './case-parts.ts';
import { planOf, type Rendering, resource } from './plan-builder.ts';

/** Plans of kinds that no configuration of built-in resources leads to, by the golden folder of their comment. */
export const KINDS: Readonly<Record<string, Rendering>> = {
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
};
