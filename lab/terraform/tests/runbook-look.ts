import { beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { answersOf, stage } from '#lab/terraform/tests/runbook-stage.ts';

/** The thread that the pages ask about. */
const THREAD = '1234567890';
/** 27 November 2026, 05:00: the hour that docs/data.md asks about begins. */
const HOUR = 1_795_755_600;

const text = (S: string) => ({ S });
const number = (N: number | string) => ({ N: String(N) });

const turn = (thread: string, place: string, at: number) => ({
  pk: text(thread),
  sk: text(place),
  timestamp: number(at),
  day: text('2026-11-27'),
  text: text('hi'),
});
const execution = (id: string, thread: string, at: number) => ({
  execution_id: text(id),
  thread_id: text(thread),
  created_at: number(at),
});
const message = (id: string) => ({ thread_id: text(THREAD), message_id: number(id) });

/** The second turn was said before the first one; other threads have items too. */
const ITEMS = {
  'discord-messages': [
    turn(THREAD, '0001', HOUR + 60),
    turn(THREAD, '0002', HOUR + 30),
    turn('2', '0001', HOUR + 45),
    turn('2', '0002', HOUR + 3601),
  ],
  discord_executions: [execution('e1', THREAD, HOUR), execution('e2', THREAD, HOUR + 1), execution('e3', '2', HOUR)],
  discord_sessions: [{ thread_id: text(THREAD) }, { thread_id: text('2') }],
  chat_history: [message('99999999999999999'), message('1311111111111111111')],
};

/** A manifest of one layer, by which moto tells images apart. */
const manifestOf = (layer: string): string => {
  const [config, layers] = [{ digest: 'sha256:a', size: 1 }, [{ digest: `sha256:${layer}`, size: 1 }]];
  const mediaType = 'application/vnd.oci.image.manifest.v1+json';
  return JSON.stringify({ schemaVersion: 2, mediaType, config, layers });
};

/** One more than the policy keeps of dependencies: three. */
const TAGS = ['in-1', 'deps-1', 'deps-2', 'deps-3', 'deps-4'];

/** Puts the items, three messages, images and an alarm. */
async function fill(): Promise<void> {
  const { aws } = stage();
  for (const [table, items] of Object.entries(ITEMS)) {
    const requests = { [table]: items.map((Item) => ({ PutRequest: { Item } })) };
    await aws('dynamodb', 'batch-write-item', '--request-items', JSON.stringify(requests));
  }
  const name = ['--queue-name', 'discord-messages', '--query', 'QueueUrl'];
  const queue = z.string().parse(await aws('sqs', 'get-queue-url', ...name));
  for (const body of ['one', 'two', 'three'])
    await aws('sqs', 'send-message', '--queue-url', queue, '--message-body', body);
  await aws('sqs', 'receive-message', '--queue-url', queue);
  for (const tag of TAGS) {
    const image = ['--repository-name', 'discord-bot', '--image-tag', tag, '--image-manifest', manifestOf(tag)];
    await aws('ecr', 'put-image', ...image);
  }
  const state = ['--state-value', 'ALARM', '--state-reason', 'a test'];
  await aws('cloudwatch', 'set-alarm-state', '--alarm-name', 'discord-messages-dlq-depth', ...state);
}

const alarmsAnswer = z.array(z.array(z.tuple([z.string(), z.string()])));
const imagesAnswer = z.tuple([
  z.array(z.tuple([z.string(), z.array(z.string())])),
  z.looseObject({ expired: z.array(z.looseObject({ tags: z.array(z.string()) })) }),
]);
const rows = (...items: readonly object[]) => expect.objectContaining({ Items: items, Count: items.length });
const { 'discord-messages': turns, discord_executions: executions, chat_history: history } = ITEMS;

describe('look.md, on tables, queues and images that hold something', () => {
  beforeAll(fill, 60_000);

  test('the turns of a thread by their place, its executions, and how many sessions there are', async () => {
    expect(await answersOf('look.md, block 1')).toEqual([
      rows(...turns.slice(0, 2)),
      rows(...executions.slice(0, 2)),
      expect.objectContaining({ Count: 2 }),
    ]);
  }, 60_000);

  test('by what a table expires, and to when it can be restored', async () => {
    expect(await answersOf('look.md, block 2')).toEqual([
      { TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' } },
      {
        ContinuousBackupsDescription: {
          ContinuousBackupsStatus: 'ENABLED',
          PointInTimeRecoveryDescription: expect.objectContaining({
            PointInTimeRecoveryStatus: 'ENABLED',
            EarliestRestorableDateTime: expect.anything(),
          }),
        },
      },
    ]);
  }, 60_000);

  test('what waits, what is handled, and what failed', async () => {
    const counts = (waits: string, handled: string) => ({
      Attributes: { ApproximateNumberOfMessages: waits, ApproximateNumberOfMessagesNotVisible: handled },
    });
    const none = counts('0', '0');
    expect(await answersOf('look.md, block 3')).toEqual([none, counts('2', '1'), none, none]);
  }, 60_000);

  test('the images, and which of them expire', async () => {
    const [images, { expired }] = imagesAnswer.parse(await answersOf('look.md, block 4'));
    expect(images.map(([, tags]) => tags[0])).toEqual(TAGS);
    // ECR's times are whole seconds
    expect(expired.map(({ tags }) => tags)).toEqual([[expect.stringMatching(/^deps-[12]$/)]]);
  }, 60_000);

  test('the alarms, and which of them is on', async () => {
    const [alarms = []] = alarmsAnswer.parse(await answersOf('look.md, block 5'));
    expect(new Map(alarms).get('discord-messages-dlq-depth')).toBe('ALARM');
    expect(alarms).toHaveLength(4);
  }, 60_000);
});

describe('the questions of docs/data.md', () => {
  test.each([
    ['the executions of a thread, newest first', 1, rows(...executions.slice(0, 2).toReversed())],
    ['the turns of a thread, by time', 2, rows(...turns.slice(0, 2).toReversed())],
    [
      'what was said in an hour, in any thread',
      3,
      [
        [THREAD, '0002'],
        ['2', '0001'],
        [THREAD, '0001'],
      ],
    ],
    ['the last messages of a thread, newest first', 4, rows(...history.toReversed())],
  ])(
    '%s',
    async (_question, block, answer) => {
      expect(await answersOf(`../data.md, block ${block}`)).toEqual([answer]);
    },
    60_000,
  );
});
