import { prepareHold } from '#core/release/hold-image.ts';
import { parseUntil } from '#core/release/until.ts';
import { type CommandResult, defineCommand } from '../command.ts';
import { landAfterQuestion, readRequest, WRITING } from './land.ts';
import { asUsage, type SlipwayPorts } from './session.ts';

const options = {
  image: { type: 'string', value: 'NAME', help: 'one image; the whole environment unless given' },
  reason: { type: 'string', value: 'TEXT', required: true, help: 'why, for the person who asks later' },
  until: { type: 'string', value: 'TIME', help: 'the end: 90m, 8h, 3d or 2026-12-24T18:00:00Z; none unless given' },
  ...WRITING,
} as const;

/** Keeps automatic bumps away from an image or an environment. */
export const hold = defineCommand({
  name: 'npm run -s slipway -- hold',
  summary: 'Holds an image or a whole environment, so that pushes leave it alone until you let go.',
  options,
  operands: 'ENVIRONMENT',
  example: 'production --reason "we look at it" --until 8h',
  exitCodes: ['the commit has landed, or nothing was to be written', 'it was refused or declined', 'wrong usage'],
  run: (line, screen: SlipwayPorts): Promise<CommandResult> => {
    const { until: text } = line.values;
    const { environment, image, reason } = readRequest(line);
    const until = asUsage(() => (text === undefined ? undefined : parseUntil('--until', text, screen.now())));
    const place = image === undefined ? environment : `${environment}/${image}`;
    const scope = image === undefined ? environment : `${environment} --image ${image}`;
    return landAfterQuestion(line, screen, {
      prepare: (ports, branch) => prepareHold({ environment, image: image ?? '*', reason, until, branch }, ports),
      nothing: `${place} is held so already`,
      next: () => `To let go:\nnpm run -s slipway -- release ${scope} --reason "why"`,
    });
  },
});
