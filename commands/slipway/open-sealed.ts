import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { unseal } from '#core/terraform/saved-plan/seal.ts';
import { Refusal } from '#core/values/errors.ts';
import { type CommandResult, defineCommand, UsageError } from '../command.ts';
import type { SlipwayPorts } from './session.ts';

/** A passphrase that is typed stays in the shell's history. */
const KEY = 'SLIPWAY_KEY';

const options = {
  out: { type: 'string', value: 'FILE', help: 'the new file for what was sealed', required: true },
} as const;

/** Opens what apply-terraform sealed. */
export const openSealed = defineCommand({
  name: 'npm run -s slipway -- open-sealed',
  summary: `Opens a state that apply-terraform rescued; the passphrase comes from ${KEY}. What it writes holds secrets.`,
  options,
  operands: 'FILE',
  example: 'errored.tfstate.sealed --out errored.tfstate',
  exitCodes: ['the file is written', 'it cannot be opened', 'wrong usage'],
  run: ({ values, operands }, { resolve, environment }: SlipwayPorts): CommandResult => {
    const [file] = operands;
    if (file === undefined || operands.length > 1) throw new UsageError('give one file that was sealed');
    const key = environment[KEY] ?? '';
    if (key === '') throw new UsageError(`${KEY} is empty: set it to the key that apply-terraform had`);
    const [from, to] = [resolve(file), resolve(values.out ?? '')];
    if (!existsSync(from)) throw new Refusal(`${file} does not exist: download what the job uploaded`);
    if (existsSync(to)) throw new Refusal(`${values.out} is there already: name a new file`);
    const opened = unseal(readFileSync(from), key);
    if (opened === undefined)
      throw new Refusal(
        `${file} is damaged, or ${KEY} is not the key that it was sealed with: set the key of that job`,
      );
    writeFileSync(to, opened, { mode: 0o600, flag: 'wx' });
    return {
      exitCode: 0,
      stdout: `${values.out} is written; it holds secrets: remove it when you are done\n`,
      stderr: '',
    };
  },
});
