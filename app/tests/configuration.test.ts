import { describe, expect, test } from '@jest/globals';
import { type Configuration, parseConfiguration } from '../src/configuration.ts';

type Environment = Record<string, string>;
const sha = '0123456789abcdef0123456789abcdef01234567';
const token = `${'a'.repeat(24)}.${'b'.repeat(6)}.${'c'.repeat(27)}`;
const queue = 'https://sqs.ca-central-1.amazonaws.com/123456789012/agentic-events';

function accept(environment: Environment): Configuration {
  const parsed = parseConfiguration(environment);
  if (!parsed.ok) throw new Error(parsed.problems.map(({ sentence }) => sentence).join(' '));
  return parsed.configuration;
}

function refuse(environment: Environment): string[] {
  const parsed = parseConfiguration(environment);
  return parsed.ok ? [] : parsed.problems.map(({ variable, sentence }) => `${variable}| ${sentence}`);
}

test('an empty environment has its defaults and no dependency', () => {
  const { dependencies, settings, ...rest } = accept({});
  expect(settings.map(({ isSet }) => isSet)).toEqual(Array(5).fill(false));
  expect(rest).toEqual({ port: 3000, logLevel: 'info', source: undefined, region: undefined });
  expect(dependencies.map(({ location }) => location)).toEqual(Array(6).fill(undefined));
});

test('everything set', () => {
  const { dependencies, settings, ...rest } = accept({
    DISCORD_TOKEN: token,
    LITELLM_BASE_URL: 'https://llm.example.com',
    PORT: ' 8080 ',
    LOG_LEVEL: 'debug',
    SOURCE_SHA: sha,
    AWS_REGION: 'ca-central-1',
    CHAT_HISTORY_TABLE_NAME: 'chat_history',
    AGENTIC_EVENTS_QUEUE_URL: queue,
  });
  expect(rest).toEqual({ port: 8080, logLevel: 'debug', source: sha, region: 'ca-central-1' });
  expect(settings.filter(({ isSet }) => isSet).map(({ variable }) => variable)).toEqual([
    'DISCORD_TOKEN',
    'LITELLM_BASE_URL',
  ]);
  const named = dependencies.filter(({ location }) => location !== undefined);
  expect(named.map(({ name, location }) => [name, location])).toEqual([
    ['chat_history', 'chat_history'],
    ['agentic-events', queue],
  ]);
});

test('an empty variable counts as one that is not set', () => {
  expect(accept({ PORT: '', LOG_LEVEL: ' ', SOURCE_SHA: '', CHAT_HISTORY_TABLE_NAME: '' })).toEqual(accept({}));
});

describe('a value that cannot be used', () => {
  const refused: [Environment, string][] = [
    [{ PORT: '0' }, 'PORT| PORT is "0": set a whole number from 1 to 65535'],
    [{ PORT: '65536' }, 'PORT| PORT is "65536"'],
    [{ PORT: '80a' }, 'PORT| PORT is "80a"'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL| LOG_LEVEL is "loud": set one of trace, debug'],
    [{ SOURCE_SHA: sha.slice(1) }, 'SOURCE_SHA| SOURCE_SHA is '],
    [{ SOURCE_SHA: sha.toUpperCase() }, 'set the full commit id'],
    [{ AWS_REGION: 'canada' }, 'AWS_REGION| AWS_REGION is "canada": set a region'],
    [{ CHAT_HISTORY_TABLE_NAME: 'chat_history' }, 'AWS_REGION| AWS_REGION is not set, but CHAT_HISTORY_TABLE_NAME is'],
    [{ CHAT_HISTORY_TABLE_NAME: 'a b', AWS_REGION: 'ca-central-1' }, "set a table's name, 3 to 255 letters"],
    [{ AGENTIC_EVENTS_QUEUE_URL: 'ftp://x/y', AWS_REGION: 'ca-central-1' }, "is not a URL: set the queue's URL"],
    [
      { DISCORD_TOKEN: `Bot ${token}` },
      "DISCORD_TOKEN| DISCORD_TOKEN does not have the form that it should: set the bot's",
    ],
    [{ DISCORD_BOT_ID: 'bot' }, 'set the id that Discord shows, 17 to 20 digits'],
    [{ DISCORD_GUILD_ID: '12' }, 'set the id that Discord shows, 17 to 20 digits'],
    [{ LITELLM_API_KEY: 'sk key' }, 'without spaces'],
    [{ LITELLM_BASE_URL: 'llm' }, 'set an address without a user or a password'],
  ];
  test.each(refused)('%j', (environment, sentence) => {
    expect(refuse(environment)).toEqual([expect.stringContaining(sentence)]);
  });

  test('all of them are told at once', () => {
    const wrong = { PORT: 'x', LOG_LEVEL: 'x', SOURCE_SHA: 'x', CHAT_HISTORY_TABLE_NAME: 'x' };
    expect(refuse(wrong).map((line) => line.split('|')[0])).toEqual([
      'CHAT_HISTORY_TABLE_NAME',
      'PORT',
      'LOG_LEVEL',
      'SOURCE_SHA',
      'AWS_REGION',
    ]);
  });
});

describe('what may be a secret is not told', () => {
  test.each(['sk-live-51H8xTopSecret', 'https://user:TopSecret@sqs.example.com/q'])('%s', (value) => {
    const told = refuse({ AGENTIC_EVENTS_QUEUE_URL: value, AWS_REGION: 'ca-central-1' });
    expect(told).toHaveLength(1);
    expect(told[0]).not.toContain('TopSecret');
  });

  test.each([
    ['DISCORD_TOKEN', 'TopSecret'],
    ['LITELLM_API_KEY', 'Top Secret TopSecret'],
    ['LITELLM_BASE_URL', 'https://user:TopSecret@llm.example.com'],
    ['DISCORD_BOT_ID', 'TopSecret'],
  ])('%s', (variable, value) => {
    const told = refuse({ [variable]: value });
    expect(told).toHaveLength(1);
    expect(told[0]).not.toContain('TopSecret');
  });

  test('of a long value only the beginning', () => {
    expect(refuse({ LOG_LEVEL: 'x'.repeat(500) })[0]?.length).toBeLessThan(250);
  });
});
