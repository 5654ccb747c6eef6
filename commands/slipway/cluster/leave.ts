import { type Departure, planDeparture, removeDeparting, requireRemoving, waitUntilGone } from '#core/cluster/leave.ts';
import { nameOf } from '#core/cluster/objects.ts';
import { systemClock } from '#core/system/clock.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, UsageError } from '../../command.ts';
import type { SlipwayPorts } from '../session.ts';
import { TARGET, type Where, withCluster } from './session.ts';

const options = {
  ...TARGET,
  'with-environments': {
    type: 'boolean',
    help: 'removes the namespaces of the environments too, with what runs in them and all workspaces',
  },
  'dry-run': { type: 'boolean', help: 'shows what would be removed, and removes nothing' },
  yes: { type: 'boolean', help: 'does not ask' },
} as const;

/** Takes out what connect put in. */
export const leave = defineCommand({
  name: 'npm run -s slipway -- cluster leave',
  summary: 'Takes out of a cluster what connect put in, and nothing else; asks first. Can be repeated.',
  options,
  example: '--do-cluster-name tor1-main --dry-run',
  exitCodes: ['nothing of connect is left but what is named', 'something is left or was refused', 'wrong usage'],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> =>
    withCluster(values, screen, async (api, where) => {
      const withEnvironments = values['with-environments'] ?? false;
      const departure = await planDeparture(api, withEnvironments);
      await requireRemoving(api, departure);
      screen.show(renderDeparture(departure));
      if (values['dry-run'] || departure.removed.length + departure.released.length === 0)
        return { exitCode: 0, stdout: '', stderr: '' };
      if (!values.yes) await askFirst({ where, withEnvironments }, screen);
      const tools = { tell: screen.tell, clock: systemClock };
      await removeDeparting(api, departure, tools);
      const waiting = await waitUntilGone(api, departure, tools);
      if (waiting.length > 0)
        throw new Refusal(
          `removed, but still there after two minutes: ${waiting.join(', ')}. Repeat, and look at their finalizers.`,
        );
      const rest = await planDeparture(api, withEnvironments);
      if (rest.removed.length > 0) throw new Refusal(`new since the plan: ${renderDeparture(rest)}Repeat.`);
      return {
        exitCode: 0,
        stdout: `Left. ${rest.kept.length === 0 ? 'Nothing is left behind.' : ''}\n`.replace(' \n', '\n'),
        stderr: '',
      };
    }),
});

function renderDeparture({ removed, released, kept }: Departure): string {
  if (removed.length + released.length + kept.length === 0) return 'Nothing of connect is in this cluster.\n';
  const lines = [
    ...removed.map(({ object }) => `  - ${nameOf(object)}`),
    ...released.map(({ object }) => `  = ${nameOf(object)} stays: it was there before connect`),
    ...kept.map(({ name, why }) => `  = ${name} stays: ${why}`),
  ];
  return `${lines.join('\n')}\n`;
}

async function askFirst(
  { where, withEnvironments }: Where & { readonly withEnvironments: boolean },
  { confirm }: SlipwayPorts,
): Promise<void> {
  if (confirm === undefined)
    throw new UsageError('this asks a question, which needs a terminal: read the list, then repeat with --yes');
  const what = withEnvironments ? 'Remove these, with every workspace,' : 'Remove these';
  if (!(await confirm(`${what} from ${await where()}? [y/N] `))) throw new Refusal('Nothing was removed.');
}
