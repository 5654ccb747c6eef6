import { type JudgedGroup, judgeGroup } from '#core/github/settle-group.ts';
import type { Inputs } from './inputs.ts';
import type { Ports } from './ports.ts';

/** Judges the group and sets the status of its head. */
export async function run({ group, marker: name, identity: author }: Inputs, ports: Ports): Promise<JudgedGroup> {
  return judgeGroup(group, { name, author }, ports);
}
