import { created, gone, lines, many, one } from './case-parts.ts';
import { planOf, type Rendering, resource } from './plan-builder.ts';

/** Plans that are large, several, or compared, by the golden folder of their comment. */
export const SIZES: Readonly<Record<string, Rendering>> = {
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
