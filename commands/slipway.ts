import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { quote } from '#core/values/errors.ts';
import { suggestName } from '#core/values/suggest.ts';
import { hideUserinfo } from '#core/values/userinfo.ts';
import { type Command, type CommandOption, type CommandResult, leave, runCommand } from './command.ts';
import { fromCaller } from './paths.ts';
import { ask } from './slipway/ask.ts';
import type { SlipwayPorts } from './slipway/session.ts';

type Run = (argv: readonly string[], ports: SlipwayPorts) => Promise<CommandResult>;
interface Verb {
  /** What the overview says of it. */
  readonly help: { readonly name: string; readonly summary: string; readonly example: string };
  readonly run: Run;
}

function ofCommand<O extends Readonly<Record<string, CommandOption>>>(command: Command<O, SlipwayPorts>): Verb {
  return { help: command, run: (argv, ports) => runCommand(command, argv, ports) };
}

/** Each verb is loaded when it is meant: most of a short command's time is the code that it loads. */
const verbs: Readonly<Record<string, () => Promise<Verb>>> = {
  history: async () => ofCommand((await import('./slipway/history.ts')).history),
  status: async () => ofCommand((await import('./slipway/status.ts')).status),
  doctor: async () => ofCommand((await import('./slipway/doctor.ts')).doctor),
  rollback: async () => ofCommand((await import('./slipway/rollback.ts')).rollback),
  promote: async () => ofCommand((await import('./slipway/promote.ts')).promote),
  hold: async () => ofCommand((await import('./slipway/hold.ts')).hold),
  release: async () => ofCommand((await import('./slipway/release.ts')).release),
  preview: async () => ofCommand((await import('./slipway/preview.ts')).preview),
  'render-plan': async () => ofCommand((await import('./slipway/render-plan.ts')).renderPlan),
  'open-sealed': async () => ofCommand((await import('./slipway/open-sealed.ts')).openSealed),
  cluster: async () => {
    const { clusterHelp, runCluster } = await import('./slipway/cluster.ts');
    return { help: clusterHelp, run: runCluster };
  },
  'run-action': async () => {
    const { runActionByHand, runActionHelp } = await import('./slipway/run-action.ts');
    return { help: runActionHelp, run: runActionByHand };
  },
};

/** Runs the verb that the first word names; without one it says which there are. */
export async function runSlipway(argv: readonly string[], ports: SlipwayPorts): Promise<CommandResult> {
  const [verb = '', ...rest] = argv;
  if (verb === '--help') return { exitCode: 0, stdout: await renderHelp(), stderr: '' };
  const load = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined;
  if (load !== undefined) return (await load()).run(rest, ports);
  const names = Object.keys(verbs);
  const fault = verb === '' ? 'say what to do' : `${quote(verb)} is not a verb${suggestName(verb, names)}`;
  const stderr = `${fault}\nusage: npm run -s slipway -- ${names.join('|')} …\nhelp:  npm run -s slipway -- --help\n`;
  return { exitCode: 2, stdout: '', stderr };
}

async function renderHelp(): Promise<string> {
  const all = await Promise.all(Object.values(verbs).map((load) => load()));
  return [
    'Looks at releases and changes them from a clone, with git alone. GitHub may be down as long as git answers.',
    '',
    ...all.flatMap(({ help: { name, summary, example } }) => [summary, `  ${name} ${example}`, '']),
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
    readInput: () => text(stdin),
    confirm: stdin.isTTY && stderr.isTTY ? (question) => ask(question, stdin, stderr) : undefined,
  };
  leave(await runSlipway(process.argv.slice(2), ports));
}
