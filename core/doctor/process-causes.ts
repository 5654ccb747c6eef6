import { type Case, type Cause, cite, command, named } from '#core/doctor/cause.ts';
import { type LastLines, or } from '#core/doctor/facts.ts';
import { isCrashing, lastEnd, listContainers, type PodContainer } from '#core/doctor/pods.ts';

/** Reasons for which the container's process was never begun. */
const NOT_BEGUN = [
  'StartError',
  'ContainerCannotRun',
  'RunContainerError',
  'CreateContainerError',
  'ContainerStatusUnknown',
];

/** Returns why containers end: no memory, no program, a sentence of their own, or a crash. */
export function findProcessCauses(theCase: Case): readonly Cause[] {
  return listContainers(theCase).flatMap((one) => {
    const waiting = one.status.state.waiting;
    if (NOT_BEGUN.includes(waiting?.reason ?? '')) return [cannotStart(theCase, one, waiting?.message ?? '')];
    return isCrashing(one) ? [explainEnd(theCase, one)] : [];
  });
}

function cannotStart({ namespace }: Case, { pod, container }: PodContainer, message: string): Cause {
  if (/exec format error/.test(message)) return otherPlatform(container.name, [cite(message)], pod.metadata.name);
  return {
    code: 'cannot-start',
    said: `the program of ${container.name} cannot be started`,
    evidence: [`pod ${pod.metadata.name}: ${cite(message)}`],
    next: command(
      'kubectl',
      '-n',
      namespace,
      'get',
      'pod',
      pod.metadata.name,
      '-o',
      `jsonpath={.spec.containers[?(@.name=="${container.name}")].command}`,
    ),
    about: [`pod:${pod.metadata.name}`],
  };
}

function explainEnd(theCase: Case, one: PodContainer): Cause {
  const { pod, container, status } = one;
  const end = lastEnd(status);
  if (end !== undefined && NOT_BEGUN.includes(end.reason ?? '')) return cannotStart(theCase, one, end.message ?? '');
  const ended = `pod ${pod.metadata.name} ended with ${named(end?.reason ?? 'no reason')}, exit code ${end?.exitCode ?? '-'}, ${status.restartCount} restarts`;
  const about = [`pod:${pod.metadata.name}`];
  const logs = command(
    'kubectl',
    '-n',
    theCase.namespace,
    'logs',
    pod.metadata.name,
    '-c',
    container.name,
    '--previous',
  );
  if (end?.reason === 'OOMKilled') {
    const said = `${container.name} needs more memory than its limit, and was killed`;
    const next = command('kubectl', '-n', theCase.namespace, 'describe', 'pod', pod.metadata.name);
    return { code: 'out-of-memory', said, evidence: [ended], next, about };
  }
  const own = theCase.cluster.lastLines.find(
    (lines) => lines.pod === pod.metadata.name && lines.container === container.name,
  );
  const lines = own === undefined ? [] : readLines(own);
  if (lines.some((line) => /exec format error/.test(line)))
    return otherPlatform(container.name, [...lines.map(cite), ended], pod.metadata.name);
  const fatal = lines.flatMap(readFatal);
  if (fatal.length > 0) {
    const said = `${container.name} refuses to start: ${fatal[0]}`;
    return { code: 'app-refuses', said, evidence: [...fatal.slice(1), ended], next: logs, about };
  }
  const unread =
    own !== undefined && 'unknown' in own.lines ? [`its log is not known: ${cite(own.lines.unknown)}`] : [];
  return {
    code: 'app-crashes',
    said: `${container.name} ends soon after it starts`,
    evidence: [ended, ...findLastWords(lines).map(cite), ...unread],
    next: logs,
    about,
  };
}

function otherPlatform(container: string, evidence: readonly string[], pod: string): Cause {
  return {
    code: 'wrong-platform',
    said: `${container} is built for another platform than the node's`,
    evidence,
    next: command('kubectl', 'get', 'nodes', '-L', 'kubernetes.io/arch'),
    about: [`pod:${pod}`],
  };
}

function readLines({ lines }: LastLines): readonly string[] {
  return or(lines, []);
}

/** What it was that went wrong, as Node.js, Python, Java and Go write it among the lines of a stack; else the last lines. */
function findLastWords(lines: readonly string[]): readonly string[] {
  const error = lines.findLast((line) => /^(?:[\w.$]*(?:Error|Exception)|panic): /.test(line));
  return error === undefined ? lines.slice(-3) : [error];
}

/** The app's own last sentence: a line of JSON at level fatal, as pino and most others write them. */
function readFatal(line: string): string[] {
  try {
    const entry: unknown = JSON.parse(line);
    if (typeof entry !== 'object' || entry === null || !('level' in entry) || !('msg' in entry)) return [];
    const isFatal = entry.level === 'fatal' || entry.level === 60;
    return isFatal && typeof entry.msg === 'string' ? [cite(entry.msg)] : [];
  } catch {
    return [];
  }
}
