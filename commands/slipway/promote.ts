import type { LandResult } from '#core/release/land.ts';
import { preparePromotion } from '#core/release/promote.ts';
import { NEVER_RELEASED } from '#core/values/reference.ts';
import { type CommandResult, defineCommand, UsageError } from '../command.ts';
import { landAfterQuestion, readRequest, WRITING } from './land.ts';
import type { SlipwayPorts } from './session.ts';
import { short } from './text.ts';

const options = {
  image: { type: 'string', value: 'NAME', help: 'one image; all of the set unless given' },
  reason: { type: 'string', value: 'TEXT', help: 'why, for the person who asks later' },
  override: { type: 'boolean', help: 'brings on what was not seen running; needs --reason, and the commit says so' },
  ...WRITING,
} as const;

/** Brings what one environment runs into the next one. */
export const promote = defineCommand({
  name: 'npm run -s slipway -- promote',
  summary: 'Brings the exact set that the environment before runs into this one, in one commit.',
  options,
  operands: 'ENVIRONMENT',
  example: 'production --reason "checked in staging"',
  exitCodes: ['the commit has landed, or nothing was to be written', 'it was refused or declined', 'wrong usage'],
  run: (line, screen: SlipwayPorts): Promise<CommandResult> => {
    const request = readRequest(line);
    const { override = false } = line.values;
    if (override && request.reason === '') throw new UsageError('--override needs --reason: say why it cannot wait');
    return landAfterQuestion(line, screen, {
      prepare: (ports, branch) => preparePromotion({ ...request, branch, override }, ports),
      nothing: `${request.environment} runs this set already`,
      next: (result) => `To take it back:\n${adviseReturn(request.environment, result)}`,
    });
  },
});

/** Nothing ran before a first release: git alone takes it back. */
function adviseReturn(environment: string, { images, commit }: LandResult): string {
  const landed = images.filter(({ outcome }) => outcome === 'landed');
  return landed.every(({ from }) => from === undefined || from === NEVER_RELEASED)
    ? `git pull --rebase && git revert --no-edit ${short(commit)} && git push`
    : `npm run -s slipway -- rollback ${environment} --steps 1 --reason "why"`;
}
