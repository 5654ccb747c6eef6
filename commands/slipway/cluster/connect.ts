import type { KubeApi } from '#core/cluster/api.ts';
import { nameOf, PART_LABEL, PARTS } from '#core/cluster/objects.ts';
import {
  type Change,
  createResourceFinder,
  type FindResource,
  planPuts,
  requireWriting,
  writeChange,
} from '#core/cluster/plan.ts';
import { inTurn } from '#core/cluster/rights.ts';
import { composeObjects, writeSampleKeys } from '#core/cluster/tenant.ts';
import { systemClock } from '#core/system/clock.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, UsageError } from '../../command.ts';
import type { SlipwayPorts } from '../session.ts';
import { renderPlan } from './render.ts';
import { FOLDER, TARGET, type TargetValues, type Where, withCluster } from './session.ts';
import { readManifest, readPins, readText, renderTenant } from './tenant.ts';

const options = {
  ...TARGET,
  ...FOLDER,
  'aws-key': {
    type: 'boolean',
    help: "reads the cluster's AWS key from standard input, as keys rotate cluster prints it; with --dry-run it is not read, and a sample is tried instead",
  },
  'app-key': {
    type: 'string',
    value: 'FILE',
    help: "the private key of the GitHub App that writes Argo CD's statuses",
  },
  'argocd-manifest': {
    type: 'string',
    value: 'FILE',
    help: "a copy of Argo CD's install.yaml; downloaded unless given, its sha256 checked in both cases",
  },
  'dry-run': { type: 'boolean', help: 'shows all that would change, by the API server itself, and changes nothing' },
  'take-over': { type: 'boolean', help: 'writes over what was there before connect; leave will not remove that' },
  yes: { type: 'boolean', help: 'does not ask' },
} as const;

interface Values extends TargetValues {
  readonly repository?: string;
  readonly 'aws-key'?: boolean;
  readonly 'app-key'?: string;
  readonly 'argocd-manifest'?: string;
  readonly 'dry-run'?: boolean;
  readonly 'take-over'?: boolean;
  readonly yes?: boolean;
}

/** Puts Argo CD, the platform and the tenant's Applications into a cluster. */
export const connect = defineCommand({
  name: 'npm run -s slipway -- cluster connect',
  summary:
    "Puts Argo CD, the platform, the tenant's Applications and the keys into a cluster; shows each change first. Can be repeated.",
  options,
  example: '--do-cluster-name tor1-main --dry-run',
  exitCodes: ['the cluster is connected, or the plan is shown', 'something is missing or was refused', 'wrong usage'],
  run: async ({ values }, screen: SlipwayPorts): Promise<CommandResult> => {
    if (values['aws-key'] && !values.yes && !values['dry-run'])
      throw new UsageError('--aws-key reads standard input, so that no question can be asked: add --yes');
    return withCluster(values, screen, (api, where) => connectTo(api, { where, ...values }, screen));
  },
});

async function connectTo(api: KubeApi, values: Values & Where, screen: SlipwayPorts): Promise<CommandResult> {
  const { pins, ...texts } = await readTexts(api, values, screen);
  const find = createResourceFinder(api);
  const plan = async (awsKey: string | undefined): Promise<Change[]> => {
    const puts = composeObjects({ ...texts, awsKey }, pins);
    await requireWriting(
      api,
      puts.map(({ object }) => object),
      find,
    );
    return planPuts(api, puts, find);
  };
  // the secret of a key is printed once: whatever can be wrong is found with a sample, before the key is read
  const isTrial = values['aws-key'] === true && !values['dry-run'];
  const first = await plan(values['aws-key'] ? writeSampleKeys(texts.applications) : undefined);
  if (isTrial) refuseForeign(first, values);
  const changes = isTrial ? await plan(await screen.readInput?.()) : first;
  screen.show(renderPlan(changes, screen));
  refuseForeign(changes, values);
  const isDone = changes.every(({ state }) => state === 'same');
  if (values['dry-run'] || isDone) return { exitCode: 0, stdout: isDone ? 'Nothing to do.\n' : '', stderr: '' };
  if (!values.yes) await askFirst(changes, values, screen);
  await writeAll(api, changes, find, screen);
  return { exitCode: 0, stdout: NEXT, stderr: '' };
}

const NEXT = 'Connected. Argo CD takes a minute to start; then prove it:\n  npm run -s slipway -- cluster check\n';

async function readTexts(api: KubeApi, values: Values, screen: SlipwayPorts) {
  const folder = screen.resolve(values.repository ?? '.');
  const pins = await readPins(folder);
  const files = await renderTenant(api, folder);
  const copy = values['argocd-manifest'];
  const manifest = await readManifest(copy === undefined ? undefined : screen.resolve(copy), pins);
  const appKey =
    values['app-key'] === undefined ? undefined : await readText(screen.resolve(values['app-key']), '--app-key');
  return { ...files, pins, manifest, appKey };
}

/** What someone else put in is written over only when that is said. */
function refuseForeign(changes: readonly Change[], values: Values): void {
  const foreign = changes.filter(({ isForeign, object }) => isForeign && object.kind !== 'Namespace');
  if (foreign.length === 0 || values['take-over'] || values['dry-run']) return;
  throw new Refusal(
    [
      'These are there already, and connect did not put them in:',
      ...foreign.map(({ object }) => `  ${nameOf(object)}`),
      'Nothing was changed. --take-over writes over them; `cluster leave` will not remove them.',
    ].join('\n'),
  );
}

async function askFirst(changes: readonly Change[], { where }: Where, { confirm }: SlipwayPorts): Promise<void> {
  if (confirm === undefined)
    throw new UsageError('this asks a question, which needs a terminal: read the plan, then repeat with --yes');
  const hand = changes.filter(({ byHand }) => byHand.length > 0).length;
  const warning =
    hand === 0 ? '' : ` What was changed by hand in ${hand === 1 ? 'one object' : `${hand} objects`} is overwritten.`;
  if (!(await confirm(`Put this into ${await where()}?${warning} [y/N] `))) throw new Refusal('Nothing was changed.');
}

const ATTEMPTS = 150;

/** Part by part: what comes later needs what came before, and a run that ends anywhere is gone on with by the next. */
async function writeAll(
  api: KubeApi,
  changes: readonly Change[],
  find: FindResource,
  { tell }: SlipwayPorts,
): Promise<void> {
  const open = changes.filter(({ state }) => state !== 'same');
  for (const part of PARTS) {
    const own = open.filter(({ object }) => (object.metadata.labels?.[PART_LABEL] ?? 'argocd') === part);
    const kinds = own.filter(({ object }) => object.kind === 'CustomResourceDefinition');
    for (const change of kinds) await writeChange(api, change, find);
    await waitForKinds(own, changes, find);
    await inTurn(
      own.filter((change) => !kinds.includes(change)),
      4,
      (change) => writeChange(api, change, find),
    );
    if (own.length > 0) tell(`${part}: ${own.length} written`);
  }
}

/** The API server serves a new kind a moment after it was defined. */
async function waitForKinds(own: readonly Change[], changes: readonly Change[], find: FindResource): Promise<void> {
  if (!own.some(({ object }) => object.kind === 'CustomResourceDefinition')) return;
  for (const { object } of changes) {
    for (let attempt = 1; (await find(object)) === undefined; attempt++) {
      if (attempt === ATTEMPTS)
        throw new Refusal(`the cluster does not serve the kind of ${nameOf(object)}: repeat later`);
      await systemClock.sleep(200);
    }
  }
}
