import { parseEnvironment } from '#core/action/inputs.ts';
import type { Cause } from '#core/doctor/cause.ts';
import { type Diagnosis, diagnose } from '#core/doctor/diagnose.ts';
import type { Facts } from '#core/doctor/facts.ts';
import { gatherFacts } from '#core/doctor/gather.ts';
import { readGitFacts } from '#core/doctor/git-facts.ts';
import { openKubectl } from '#core/doctor/kubectl.ts';
import { createPullCheck, openNewestRun } from '#core/doctor/sources.ts';
import { withoutRepository } from '#core/git/environment.ts';
import { createExec } from '#core/system/exec.ts';
import { openScratch } from '#core/system/scratch.ts';
import { quote, Refusal } from '#core/values/errors.ts';
import { showInvisible } from '#core/values/markdown.ts';
import { quoteWord } from '#core/values/shell.ts';
import { suggestName } from '#core/values/suggest.ts';
import { type CommandResult, defineCommand } from '../command.ts';
import {
  asUsage,
  COMMON,
  type CommonValues,
  readEnvironment,
  type SlipwayPorts,
  toJson,
  withSession,
} from './session.ts';
import { type Page, paint, wrap } from './text.ts';

/** A person who asks what is wrong does not wait half a minute for a registry that is down. */
const REGISTRY_DEADLINE_MS = 5_000;

const options = {
  kubeconfig: { type: 'string', value: 'FILE', help: "how the cluster is reached; kubectl's own unless given" },
  context: { type: 'string', value: 'NAME', help: "which of its contexts; kubectl's current one unless given" },
  facts: { type: 'boolean', help: 'prints JSON, with the facts that it judges by' },
  ...COMMON,
} as const;

interface Values extends CommonValues {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly facts?: boolean;
}

/** Names why something does not run. */
export const doctor = defineCommand({
  name: 'npm run -s slipway -- doctor',
  summary: 'Names why an environment does not run what it should: the cause, what proves it, and one next command.',
  options,
  operands: '[ENVIRONMENT]',
  example: 'staging --context do-tor1-main',
  exitCodes: ['nothing is wrong', 'a cause is named, or something could not be asked', 'wrong usage'],
  run: async ({ values, operands }, screen: SlipwayPorts): Promise<CommandResult> => {
    const name =
      operands.length === 0 ? undefined : asUsage(() => parseEnvironment('ENVIRONMENT', readEnvironment(operands)));
    const all = await gather(values, name, screen);
    const found = all.map(diagnose).map((one) => withSettings(one, values, screen));
    const isWell = found.every(({ causes, open }) => causes.length === 0 && open.length === 0);
    const facts = values.facts ? { facts: all } : {};
    const stdout =
      values.json || values.facts
        ? toJson({ environments: found.map(toShape), ...facts })
        : `${found.map((one) => render(one, screen)).join('\n')}`;
    return { exitCode: isWell ? 0 : 1, stdout, stderr: '' };
  },
});

function gather(values: Values, name: string | undefined, screen: SlipwayPorts): Promise<Facts[]> {
  const session = { isWriting: false, registryDeadlineMs: REGISTRY_DEADLINE_MS };
  return withSession(values, screen, session, async ({ ports, branch }) => {
    const git = await readGitFacts(branch, ports);
    if (name !== undefined && !git.has(name))
      throw new Refusal(`slipway.yaml has no environment ${quote(name)}${suggestName(name, [...git.keys()])}`);
    const environment = withoutRepository(screen.environment);
    const exec = createExec(environment);
    const first = [...git.values()][0];
    const checkPull = createPullCheck(first?.head, ports);
    const newestRun = await openNewestRun({
      environment,
      exec,
      folder: screen.resolve(values.repository ?? '.'),
      branch,
    });
    const scratch = await openScratch(screen.temp, 'doctor');
    const kubeconfig = values.kubeconfig === undefined ? undefined : screen.resolve(values.kubeconfig);
    const cluster = openKubectl({ exec, kubeconfig, context: values.context, folder: await scratch.folder() });
    try {
      const chosen = [...git].filter(([one]) => name === undefined || one === name);
      const sources = { cluster, checkPull, newestRun, clock: ports.clock };
      return await Promise.all(chosen.map(([one, says]) => gatherFacts(one, says, sources)));
    } finally {
      await cluster.close();
      await scratch.remove();
    }
  });
}

/** What is typed next must reach the same cluster. */
function withSettings(diagnosis: Diagnosis, { kubeconfig, context }: Values, screen: SlipwayPorts): Diagnosis {
  const words = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${quoteWord(screen.resolve(kubeconfig))}`]),
    ...(context === undefined ? [] : [`--context=${quoteWord(context)}`]),
  ];
  if (words.length === 0) return diagnosis;
  const causes = diagnosis.causes.map((cause): Cause => {
    return { ...cause, next: cause.next.replace(/(^|\| )kubectl /, (start) => `${start}${words.join(' ')} `) };
  });
  return { ...diagnosis, causes };
}

function toShape({ environment, causes, open }: Diagnosis) {
  const shown = causes.map(({ code, said, evidence, next }) => ({ cause: code, said, evidence, next }));
  return { environment, causes: shown, open };
}

function render({ environment, causes, open }: Diagnosis, page: Page): string {
  const lines = [
    paint(environment, 'bold', page),
    ...causes.flatMap((cause, at) => renderCause(cause, at + 1, page)),
    ...(causes.length === 0 && open.length === 0 ? [paint('  nothing is wrong', 'green', page)] : []),
    ...(causes.length === 0 && open.length > 0 ? ['  no cause is proven'] : []),
    ...open.flatMap((line) =>
      wrap(`not known: ${showInvisible(line)}`, page, 2).map((text) => paint(text, 'yellow', page)),
    ),
  ];
  return `${lines.join('\n')}\n`;
}

/** The command is not broken into lines: it is copied as it is. */
function renderCause({ code, said, evidence, next }: Cause, number: number, page: Page): string[] {
  return [
    ...wrap(`${number}. ${said} [${code}]`, page, 2).map((line) => paint(line, 'red', page)),
    ...evidence.flatMap((line) => wrap(line, page, 5)),
    `     ${paint('next:', 'bold', page)} ${next}`,
  ];
}
