import { parse } from 'yaml';
import { z } from 'zod';
import type { AskPorts } from '#core/release/ask.ts';
import { findEnvironment } from '#core/release/environments.ts';
import { readTip } from '#core/release/open-intents.ts';
import { prepareRollback } from '#core/release/roll-back.ts';
import { parseWay } from '#core/release/way.ts';
import { type CommandResult, defineCommand, UsageError } from '../command.ts';
import { landAfterQuestion, readRequest, WRITING } from './land.ts';
import { refuseStalePulls } from './pull-rows.ts';
import { asUsage, type SlipwayPorts } from './session.ts';

const options = {
  image: { type: 'string', value: 'NAME', help: 'one image; all of the set that ran together unless given' },
  steps: { type: 'string', value: 'N', help: 'how many sets back, 1 to 10; sets that were rolled back do not count' },
  to: { type: 'string', value: 'ID', help: "what to go back to: a release's commit, its source, a digest, or proven" },
  reason: { type: 'string', value: 'TEXT', required: true, help: 'why, for the person who asks later' },
  override: {
    type: 'boolean',
    help: 'goes on where the registry does not answer, and says so in the commit; or where the pull credentials are old',
  },
  ...WRITING,
} as const;

/** Lands an older set of releases again, and holds it. */
export const rollback = defineCommand({
  name: 'npm run -s slipway -- rollback',
  summary: 'Lands an older set of releases again, in one commit, and holds its images there until you let go.',
  options,
  operands: 'ENVIRONMENT',
  example: 'production --steps 1 --reason "it answers 500"',
  exitCodes: ['the commit has landed, or nothing was to be written', 'it was refused or declined', 'wrong usage'],
  run: (line, screen: SlipwayPorts): Promise<CommandResult> => {
    const { steps = '', to = '', override = false } = line.values;
    if (steps === '' && to === '')
      throw new UsageError('say how far: --steps 1, or --to with a commit, a digest or proven');
    const request = readRequest(line);
    const way = asUsage(() => parseWay({ steps, to }, '--'));
    const { environment, image } = request;
    const scope = image === undefined ? environment : `${environment} --image ${image}`;
    return landAfterQuestion(line, screen, {
      prepare: async (ports, branch) => {
        const { intent } = await prepareRollback({ ...request, to: way, branch, anchor: undefined, override }, ports);
        if (!override) await refuseStalePulls(await readNamespace(environment, branch, ports), screen);
        return intent;
      },
      nothing: `${environment} runs it already`,
      next: () =>
        `Pushes leave it alone until you let go:\nnpm run -s slipway -- release ${scope} --reason "it is fixed"`,
    });
  },
});

/** Returns the namespace that an environment's overlay names at the branch's head. */
async function readNamespace(environment: string, branch: string, ports: AskPorts): Promise<string | undefined> {
  const { head } = await readTip(branch, ports);
  const { overlay } = findEnvironment(await ports.readConfig(head), environment);
  const text = await ports.git.readText(head, `${overlay}/kustomization.yaml`);
  return z.looseObject({ namespace: z.string().optional() }).safeParse(parse(text ?? '{}')).data?.namespace;
}
