import { globSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Lab } from '#lab/supervisor/lab.ts';

/**
 * Starts the AWS provider of an initialised stack once, for all of its runs, and returns the environment by which
 * Terraform finds it there. Terraform starts it for each step of each command otherwise, 5 s of a processor every time.
 * https://developer.hashicorp.com/terraform/plugin/debugging#starting-a-provider-in-debug-mode
 */
export async function startProvider(
  lab: Lab,
  folder: string,
  env: Readonly<Record<string, string>>,
): Promise<{ TF_REATTACH_PROVIDERS: string }> {
  // the last folder may be a link, which a pattern does not follow
  const [place = folder] = globSync(join(folder, '.terraform/providers/*/hashicorp/aws/*/*'));
  const binary = readdirSync(place).find((file) => file.startsWith('terraform-provider-aws_'));
  if (binary === undefined) throw new Error(`terraform init left no AWS provider in ${folder}`);
  const name = `provider-${basename(folder)}-${providers++}`;
  const log = join(lab.logs, `${name}.log`);
  const readWhere = (): string | undefined => /TF_REATTACH_PROVIDERS='(.*)'/.exec(readFileSync(log, 'utf8'))?.[1];
  await lab.start({
    name,
    argv: [join(place, binary), '-debug'],
    env,
    ready: async () => readWhere() !== undefined,
    readyWithinMs: 120_000,
  });
  return { TF_REATTACH_PROVIDERS: readWhere() ?? '' };
}

let providers = 0;
