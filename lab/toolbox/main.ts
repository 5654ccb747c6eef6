import { describeError, InputError, isExpected } from '#core/values/errors.ts';
import { lineProgress, since } from '#lab/supervisor/progress.ts';
import {
  auditTools,
  benchTools,
  checkTools,
  clusterTools,
  hasTools,
  lightTools,
  obtainTools,
  otherTools,
  type ToolName,
} from '#lab/toolbox/toolbox.ts';

const groups: Readonly<Record<string, readonly ToolName[]>> = {
  light: lightTools,
  cluster: [...clusterTools, ...lightTools],
  check: checkTools,
  bench: benchTools,
  opentofu: otherTools,
  all: [...clusterTools, ...lightTools, ...checkTools, ...auditTools],
};

try {
  const name = process.argv[2] ?? 'all';
  const tools = groups[name];
  if (tools === undefined) throw new InputError('group', name, `is none of ${Object.keys(groups).join(', ')}`);
  const started = performance.now();
  const wereThere = hasTools(tools);
  await obtainTools(tools, lineProgress(console.log));
  console.log(`${wereThere ? 'All tools are there already' : 'All tools are there'}: ${name} (${since(started)})`);
} catch (error) {
  console.error(isExpected(error) ? error.message : error instanceof Error ? error.stack : describeError(error));
  process.exitCode = 1;
}
