import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { type Command, type CommandOption, type CommandResult, runCommand } from '../command.ts';
import { check } from './cluster/check.ts';
import { connect } from './cluster/connect.ts';
import { leave } from './cluster/leave.ts';
import { pins } from './cluster/pins.ts';
import type { SlipwayPorts } from './session.ts';

type Run = (argv: readonly string[], ports: SlipwayPorts) => Promise<CommandResult>;

function runOf<O extends Readonly<Record<string, CommandOption>>>(command: Command<O, SlipwayPorts>): Run {
  return (argv, ports) => runCommand(command, argv, ports);
}

const verbs: Readonly<Record<string, Run>> = {
  connect: runOf(connect),
  check: runOf(check),
  leave: runOf(leave),
  pins: runOf(pins),
};

/** What the overview says of `cluster`. */
export const clusterHelp = {
  name: 'npm run -s slipway -- cluster',
  summary: 'Connects a cluster from nothing, asks about its walls and secrets, or takes out what connecting put in.',
  example: 'connect --do-cluster-name tor1-main --dry-run',
};

/** Runs what the word behind `cluster` names. */
export async function runCluster(argv: readonly string[], ports: SlipwayPorts): Promise<CommandResult> {
  const [verb = '', ...rest] = argv;
  const run = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (run !== undefined) return run(rest, ports);
  const names = Object.keys(verbs);
  const usage = `usage: ${clusterHelp.name} ${names.join('|')} …\nhelp:  ${clusterHelp.name} ${names[0]} --help\n`;
  if (verb === '--help') return { exitCode: 0, stdout: `${clusterHelp.summary}\n\n${usage}`, stderr: '' };
  const fault =
    verb === '' ? 'say what to do' : `${quote(verb)} is nothing that cluster does${suggestName(verb, names)}`;
  return { exitCode: 2, stdout: '', stderr: `${fault}\n${usage}` };
}
