import { describeNext, prepareRelease, readNextDeploy } from '#core/release/hold-image.ts';
import { type CommandResult, defineCommand } from '../command.ts';
import { landAfterQuestion, readRequest, WRITING } from './land.ts';
import type { SlipwayPorts } from './session.ts';

const options = {
  image: { type: 'string', value: 'NAME', help: 'one image; everything that is held in the environment unless given' },
  reason: { type: 'string', value: 'TEXT', required: true, help: 'why, for the person who asks later' },
  ...WRITING,
} as const;

/** Lets go of what is held, and deploys what waits. */
export const release = defineCommand({
  name: 'npm run -s slipway -- release',
  summary: 'Lets go of what is held or was changed by hand, and deploys the newest build in the same commit.',
  options,
  operands: 'ENVIRONMENT',
  example: 'production --image discord-bot --reason "it is fixed"',
  exitCodes: ['the commit has landed, or nothing was to be written', 'it was refused or declined', 'wrong usage'],
  run: (line, screen: SlipwayPorts): Promise<CommandResult> => {
    const { environment, image, reason } = readRequest(line);
    const place = image === undefined ? environment : `${environment}/${image}`;
    return landAfterQuestion(line, screen, {
      prepare: (ports, branch) => prepareRelease({ environment, image: image ?? '*', reason, branch }, ports),
      nothing: `nothing is held in ${place}, and nothing waits`,
      next: async (_result, ports, branch) => describeNext(await readNextDeploy(environment, branch, ports)),
    });
  },
});
