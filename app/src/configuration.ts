/** What the bot needs that lies outside of it; each is named by one environment variable. */
export interface Dependency {
  readonly kind: 'table' | 'queue';
  /** As the tenant calls it. */
  readonly name: string;
  /** The environment variable that says where it is. */
  readonly variable: string;
  /** The table's name or the queue's URL; undefined where the variable is not set. */
  readonly location: string | undefined;
}

/** What the bot is told about Discord and LiteLLM; its value is read where it is used, and never kept here. */
export interface Setting {
  readonly variable: string;
  readonly isSet: boolean;
}

/** Everything that the process takes from its environment. */
export interface Configuration {
  readonly port: number;
  readonly logLevel: LogLevel;
  /** The commit that this build was made from; undefined where it was not given. */
  readonly source: string | undefined;
  /** Set whenever a dependency is. */
  readonly region: string | undefined;
  readonly dependencies: readonly Dependency[];
  readonly settings: readonly Setting[];
}

/** A variable that cannot be used, and what to do about it. Never holds the value of a secret. */
export interface Problem {
  readonly variable: string;
  readonly sentence: string;
}

/** Either a whole configuration or every reason why there is none. */
export type Parsed =
  | { readonly ok: true; readonly configuration: Configuration }
  | { readonly ok: false; readonly problems: readonly Problem[] };

type Environment = Readonly<Record<string, string | undefined>>;
type LogLevel = (typeof LOG_LEVELS)[number];

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

const DEPENDENCIES = [
  { kind: 'table', name: 'discord_sessions', variable: 'DISCORD_SESSIONS_TABLE_NAME' },
  { kind: 'table', name: 'discord_executions', variable: 'DISCORD_EXECUTIONS_TABLE_NAME' },
  { kind: 'table', name: 'discord-messages', variable: 'DISCORD_MESSAGES_TABLE_NAME' },
  { kind: 'table', name: 'chat_history', variable: 'CHAT_HISTORY_TABLE_NAME' },
  { kind: 'queue', name: 'agentic-events', variable: 'AGENTIC_EVENTS_QUEUE_URL' },
  { kind: 'queue', name: 'discord-messages', variable: 'DISCORD_MESSAGES_QUEUE_URL' },
] as const;

const SNOWFLAKE = 'set the id that Discord shows, 17 to 20 digits.';

/** The last part never shows the value: what stands where another was meant may be a secret. */
const SETTINGS = [
  {
    variable: 'DISCORD_TOKEN',
    form: /^[\w-]{20,}\.[\w-]{4,}\.[\w-]{20,}$/,
    remedy: "set the bot's token, three parts separated by dots (Developer Portal, Bot, Reset Token).",
  },
  { variable: 'DISCORD_BOT_ID', form: /^\d{17,20}$/, remedy: SNOWFLAKE },
  { variable: 'DISCORD_GUILD_ID', form: /^\d{17,20}$/, remedy: SNOWFLAKE },
  {
    variable: 'LITELLM_API_KEY',
    form: /^[!-~]{8,}$/,
    remedy: 'set the key, 8 or more characters without spaces and line ends.',
  },
  {
    variable: 'LITELLM_BASE_URL',
    form: /^https?:\/\/[^\s/?#@]+([/?#]\S*)?$/,
    remedy: 'set an address without a user or a password, such as https://llm.example.com.',
  },
] as const;

/** Reads the environment; an empty variable counts as one that is not set. */
export function parseConfiguration(environment: Environment): Parsed {
  const problems: Problem[] = [];
  const refuse = (variable: string, sentence: string) => {
    problems.push({ variable, sentence: `${variable} ${sentence}` });
    return undefined;
  };
  const read = (variable: string) => environment[variable]?.trim() || undefined;
  const dependencies = DEPENDENCIES.map((dependency) => {
    const location = read(dependency.variable);
    if (location !== undefined) checkLocation(dependency, location, refuse);
    return { ...dependency, location };
  });
  const settings = SETTINGS.map(({ variable, form, remedy }) => {
    const value = read(variable);
    if (value !== undefined && !form.test(value)) refuse(variable, `does not have the form that it should: ${remedy}`);
    return { variable, isSet: value !== undefined };
  });
  const port = parsePort(read('PORT') ?? '3000', refuse);
  const logLevel = parseLogLevel(read('LOG_LEVEL') ?? 'info', refuse);
  const source = parseSource(read('SOURCE_SHA'), refuse);
  const region = parseRegion(read('AWS_REGION'), dependencies, refuse);
  if (port === undefined || logLevel === undefined || problems.length > 0) return { ok: false, problems };
  return { ok: true, configuration: { port, logLevel, source, region, dependencies, settings } };
}

type Refuse = (variable: string, sentence: string) => undefined;

function parsePort(text: string, refuse: Refuse): number | undefined {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  return refuse('PORT', `is ${show(text)}: set a whole number from 1 to 65535, or leave it out for 3000.`);
}

function parseLogLevel(text: string, refuse: Refuse): LogLevel | undefined {
  const level = LOG_LEVELS.find((known) => known === text);
  return (
    level ?? refuse('LOG_LEVEL', `is ${show(text)}: set one of ${LOG_LEVELS.join(', ')}, or leave it out for info.`)
  );
}

function parseSource(text: string | undefined, refuse: Refuse): string | undefined {
  if (text === undefined || /^[0-9a-f]{40}$/.test(text)) return text;
  return refuse(
    'SOURCE_SHA',
    `is ${show(text)}: set the full commit id, 40 lower-case hex digits; the image's build does.`,
  );
}

function parseRegion(
  text: string | undefined,
  dependencies: readonly Dependency[],
  refuse: Refuse,
): string | undefined {
  if (text !== undefined && !/^[a-z]{2}(-[a-z]+)+-\d$/.test(text))
    return refuse('AWS_REGION', `is ${show(text)}: set a region's name, such as ca-central-1.`);
  const first = dependencies.find(({ location }) => location !== undefined);
  if (text !== undefined || first === undefined) return text;
  return refuse(
    'AWS_REGION',
    `is not set, but ${first.variable} is: set the region that it is in, such as ca-central-1.`,
  );
}

function checkLocation(dependency: Omit<Dependency, 'location'>, location: string, refuse: Refuse): void {
  if (dependency.kind === 'table') {
    if (/^[A-Za-z0-9_.-]{3,255}$/.test(location)) return;
    refuse(
      dependency.variable,
      `is ${show(location)}: set a table's name, 3 to 255 letters, digits, dots, dashes and underscores.`,
    );
    return;
  }
  const url = URL.canParse(location) ? new URL(location) : undefined;
  // not shown: what stands where a URL was meant may be a secret
  if (url === undefined || !/^https?:$/.test(url.protocol))
    refuse(
      dependency.variable,
      "is not a URL: set the queue's URL, https://sqs.<region>.amazonaws.com/<account>/<name>.",
    );
  else if (url.username !== '' || url.password !== '')
    refuse(
      dependency.variable,
      'holds a user or a password: take them out of the URL, the AWS SDK has its own variables for them.',
    );
}

function show(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
}
