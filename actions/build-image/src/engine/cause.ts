/** Lines of Packer's own progress: what comes after the last of them belongs to the step that failed. */
const PROGRESS =
  /^(?:Creating a temporary directory|Starting docker container|Run command:|Container ID:|Using docker communicator|Uploading .* => |Provisioning with |Pulling Docker image|Using docker)/;
/** Where Packer begins to clean up, and to repeat itself. */
const AFTERMATH =
  /^(?:Provisioning step had errors|Killing the container|Build '.*' errored|Wait completed|Some builds didn't complete|Builds finished)/;
/** Words by which programs begin or name a fault. */
const FAULT =
  /(?:^|\W)(?:error|errors|err!|fatal|failed|failure|cannot|could not|can't|not found|no such|denied|unable to|exception|traceback|panic|E:)(?:\W|$)/i;
/** Advice behind a fault, and warnings. */
const NOISE =
  /^npm (?:warn|ERR! A complete log|error A complete log)|^Run '.*--help'|^\(source code not available\)|^\d{4}\/\d\d\/\d\d \d\d:/i;

/** Lines of text between two lines of one fault: a stack, or what was quoted. */
const MOST_BETWEEN = 3;
const MOST_LINES = 8;

/** Returns the lines of Packer's output that say why a build failed, the first ones first; empty where none does. */
export function findCause(output: readonly string[]): string[] {
  const lines = output.map(withoutBuilder);
  const end = lines.findIndex((line) => AFTERMATH.test(line));
  const told = lines.slice(0, end === -1 ? undefined : end);
  const step = told.slice(told.findLastIndex((line) => PROGRESS.test(line)) + 1).filter(isTelling);
  const faults = lastCluster(step);
  return faults.length > 0 ? faults.slice(0, MOST_LINES) : step.slice(-MOST_LINES);
}

/** `==> docker.web: ` and four spaces instead of the arrow begin what a builder prints. */
function withoutBuilder(line: string): string {
  return line.replace(/^(?:==>|-->| {3,4}) ?(?:[\w-]+\.[\w-]+: ?)?/, '').trimEnd();
}

function isTelling(line: string): boolean {
  return line.trim() !== '' && !NOISE.test(line.trim());
}

/** A script may go on after a fault that it expects: the last one ended it. */
function lastCluster(lines: readonly string[]): string[] {
  const last = lines.findLastIndex((line) => FAULT.test(line));
  if (last === -1) return [];
  let first = last;
  for (let index = last - 1; index >= 0 && first - index <= MOST_BETWEEN + 1; index--)
    if (FAULT.test(lines[index] ?? '')) first = index;
  return lines.slice(first);
}
