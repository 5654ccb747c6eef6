import { readPullCredentials } from '#core/cluster/kubectl.ts';
import { judgePullCredentials, type PullCredentials, renewalCommands } from '#core/cluster/pull-credentials.ts';
import { createExec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';
import type { SlipwayPorts } from './session.ts';
import { paint, plain, renderTable, wrap } from './text.ts';

/** Asks the cluster of the person's shell; undefined where there is none, or no External Secrets in it. */
export function askPullCredentials({ environment }: SlipwayPorts): Promise<PullCredentials[] | undefined> {
  return readPullCredentials(createExec(environment));
}

/** Returns the part of a status about pull credentials, a row for each namespace; nothing without a cluster to ask. */
export function renderPullCredentials(found: readonly PullCredentials[] | undefined, page: SlipwayPorts): string[] {
  if (found === undefined || found.length === 0) return [];
  const judged = found.map((one) => ({ ...one, ...judgePullCredentials(one, page.now()) }));
  const rows = judged.map(({ namespace, said }) => [plain(namespace), plain(said.split(/[:;,]| and /)[0] ?? '')]);
  const [titles = '', ...lines] = renderTable(
    [{ title: 'NAMESPACE' }, { title: 'PULL CREDENTIALS', isFlexible: true }],
    rows,
    page,
    2,
  );
  const blocks = judged.flatMap(({ state, said, namespace }, at) => {
    const line = lines[at] ?? '';
    if (state === 'fresh') return [line];
    const whole = [...wrap(said, page, 4), ...renewalCommands(namespace).map((command) => `    ${command}`)];
    return [line, ...whole].map((text) => paint(text, 'yellow', page));
  });
  return [`${paint('cluster', 'bold', page)}  of your kubectl`, titles, ...blocks];
}

/** Returns pull credentials as `--json` shows them; null without a cluster to ask. */
export function toPullShape(found: readonly PullCredentials[] | undefined, now: Date) {
  return (
    found?.map((one) => ({
      namespace: one.namespace,
      renewedAt: one.renewedAt?.toISOString() ?? null,
      ...judgePullCredentials(one, now),
    })) ?? null
  );
}

/** Refuses a rollback into a namespace whose pods could not pull it; without a cluster to ask, says so and goes on. */
export async function refuseStalePulls(namespace: string | undefined, screen: SlipwayPorts): Promise<void> {
  const found = await askPullCredentials(screen);
  const own = found?.find((one) => one.namespace === namespace);
  if (own === undefined) {
    screen.tell('pull credentials: not known here, kubectl has no such cluster');
    return;
  }
  const { state, said } = judgePullCredentials(own, screen.now());
  if (state !== 'fresh') screen.tell(`pull credentials of ${own.namespace}: ${plain(said)}`);
  if (state !== 'expired') return;
  const commands = renewalCommands(own.namespace).map((command) => `  ${command}`);
  throw new Refusal(
    [
      `no pod of ${own.namespace} could pull what you go back to: ecr-registry was ${plain(said)}`,
      'Renew it first, or add --override where the nodes have the image:',
      ...commands,
    ].join('\n'),
  );
}
