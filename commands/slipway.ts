import { tmpdir } from 'node:os';
import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import { type CommandResult, leave, runCommand } from './command.ts';
import { fromCaller } from './paths.ts';
import { ask } from './slipway/ask.ts';
import { history } from './slipway/history.ts';
import { hold } from './slipway/hold.ts';
import { promote } from './slipway/promote.ts';
import { release } from './slipway/release.ts';
import { rollback } from './slipway/rollback.ts';
import { runActionByHand, runActionHelp } from './slipway/run-action.ts';
import type { SlipwayPorts } from './slipway/session.ts';
import { status } from './slipway/status.ts';

const verbs = { history, status, rollback, promote, hold, release, 'run-action': runActionHelp } as const;

/** Runs the verb that the first word names; without one it says which there are. */
export async function runSlipway(argv: readonly string[], ports: SlipwayPorts): Promise<CommandResult> {
  const [verb = '', ...rest] = argv;
  if (verb === '--help') return { exitCode: 0, stdout: renderHelp(), stderr: '' };
  switch (verb) {
    case 'history':
      return runCommand(history, rest, ports);
    case 'status':
      return runCommand(status, rest, ports);
    case 'rollback':
      return runCommand(rollback, rest, ports);
    case 'promote':
      return runCommand(promote, rest, ports);
    case 'hold':
      return runCommand(hold, rest, ports);
    case 'release':
      return runCommand(release, rest, ports);
    case 'run-action':
      return runActionByHand(rest, ports);
  }
  const names = Object.keys(verbs);
  const fault = verb === '' ? 'say what to do' : `${quote(verb)} is not a verb${suggestName(verb, names)}`;
  const stderr = `${fault}\nusage: npm run -s slipway -- ${names.join('|')} …\nhelp:  npm run -s slipway -- --help\n`;
  return { exitCode: 2, stdout: '', stderr };
}

function renderHelp(): string {
  return [
    'Looks at releases and changes them from a clone, with git alone. GitHub may be down as long as git answers.',
    '',
    ...Object.values(verbs).flatMap(({ name, summary, example }) => [summary, `  ${name} ${example}`, '']),
    'Each has its own help: npm run -s slipway -- rollback --help',
    'From another folder: npm --prefix FOLDER-OF-SLIPWAY run -s slipway -- status',
    '',
  ].join('\n');
}

if (import.meta.main) {
  const { stdin, stdout, stderr, env } = process;
  const ports: SlipwayPorts = {
    environment: env,
    temp: tmpdir(),
    resolve: (path) => fromCaller(path, import.meta.filename),
    now: () => new Date(),
    width: stdout.columns ?? 80,
    isColoured: stdout.isTTY && !env['NO_COLOR'],
    show: (text) => void stdout.write(hideUserinfo(text)),
    tell: (text) => void stderr.write(`${hideUserinfo(text)}\n`),
    confirm: stdin.isTTY && stderr.isTTY ? (question) => ask(question, stdin, stderr) : undefined,
  };
  leave(await runSlipway(process.argv.slice(2), ports));
}
