import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { createChecks } from './checks.ts';
import { type Configuration, type Problem, parseConfiguration } from './configuration.ts';
import { createDependencyChecks } from './dependencies.ts';
import { createLog } from './log.ts';
import { createBotServer } from './server.ts';
import { drain } from './stop.ts';

const CHECK_TIMES = { freshMs: 2_000, timeoutMs: 1_500 };
const STOP_TIMES = { lagMs: 1_000, drainMs: 7_000 };

function main(): void {
  const parsed = parseConfiguration(process.env);
  if (parsed.ok) serve(parsed.configuration);
  else refuse(parsed.problems);
}

function refuse(problems: readonly Problem[]): void {
  const log = createLog({ level: 'info', source: undefined }, process.env);
  for (const { variable, sentence } of problems) log.fatal({ variable }, sentence);
  process.exitCode = 1;
}

function serve(configuration: Configuration): void {
  const { port, source } = configuration;
  const log = createLog({ level: configuration.logLevel, source }, process.env);
  let stopping = false;
  const server = createBotServer({
    log,
    runChecks: createChecks(createDependencyChecks(configuration), CHECK_TIMES, () => performance.now()),
    isStopping: () => stopping,
    version: { source: source ?? null, startedAt: new Date().toISOString(), node: process.version },
  });
  server.once('error', (error: NodeJS.ErrnoException) => {
    const remedy = error.code === 'EADDRINUSE' ? 'another process has it: set PORT to a free one' : error.message;
    log.fatal({ port }, `port ${port} cannot be listened on: ${remedy}`);
    process.exitCode = 1;
  });
  server.listen(port, () => log.info({ port }, 'listening'));
  stopOnSignals(server, log, () => {
    stopping = true;
  });
}

function stopOnSignals(server: Server, log: Logger, onStop: () => void): void {
  let told = false;
  const stop = (signal: NodeJS.Signals) => {
    // process 1 of a container has no default actions for signals: without exit a second one would do nothing
    if (told) process.exit(1);
    told = true;
    onStop();
    log.info({ signal }, 'stopping');
    drain(server, STOP_TIMES, log).then(() => {
      log.info('stopped');
      // the AWS SDK keeps connections open for a while, and the exit must not wait for them
      process.exit(0);
    });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main();
