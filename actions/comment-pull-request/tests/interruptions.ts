import { expect } from '@jest/globals';
import { nameManifests, namePlanReport } from '#core/action/artifact-names.ts';
import { type Ended, RIGHTS } from '#tests/support/pull-requests.ts';
import { leave, manifestsOf, planOfStack, pull, runs, world } from './left.ts';

/** What a pull request has before the run whose comment is interrupted. */
export type Start = 'no comment' | 'an earlier comment';
export const STARTS: readonly Start[] = ['no comment', 'an earlier comment'];
/** The text of the earlier one. */
const EARLIER = 'What an earlier run said.';

/** Lets the jobs of a run leave their reports, and an earlier run its comment. */
export async function prepare(start: Start): Promise<void> {
  await leave(runs()[0], nameManifests(), manifestsOf());
  await leave(runs()[0], namePlanReport('aws'), JSON.stringify(planOfStack('aws')));
  if (start === 'an earlier comment') await world.comment({ pull, body: EARLIER, run: 0 });
}

/** The inputs of the action in that run. */
export function readGiven(): Record<string, string> {
  const token = world.tokenOf({ ...RIGHTS, actions: 'read' });
  const about = { 'pull-request': String(pull.number), head: pull.head.sha };
  return { body: '', stacks: '["aws"]', results: '', stage: 'plan', workflow: 'pull-request.yml', token, ...about };
}

/** Writes the comment of that run in this process; `at` is where GitHub is asked. */
export function write(at?: string): Promise<Ended> {
  const { token = '', ...inputs } = readGiven();
  return world.comment({ pull, inputs, token, run: runs()[0], ...(at !== undefined && { at }) });
}

/** The comments and the commit status as they are. */
export interface Shown {
  readonly bodies: readonly string[];
  readonly status: string | undefined;
}

/** Returns what people see now. */
export function look(): Shown {
  return { bodies: world.commentsOf(pull).map(({ body }) => body), status: world.statusOf(pull) };
}

/** Expects that what was seen after an interruption was never half of something, and that a second run ends all well. */
export async function expectMended(start: Start, { bodies, status }: Shown): Promise<void> {
  const second = await write();
  if (second.error !== undefined) throw second.error;
  const whole = look();
  expect([whole.bodies.length, whole.bodies[0]]).toEqual([1, expect.stringContaining('history')]);
  expect(whole.status).toBe('success: A merge into main does what the comment shows');
  const isEarlier = (body: string): boolean => start === 'an earlier comment' && body.endsWith(EARLIER);
  expect(bodies.filter((body) => body !== whole.bodies[0] && !isEarlier(body))).toEqual([]);
  expect(bodies.length).toBeLessThanOrEqual(1);
  if (start === 'an earlier comment') expect(bodies.length).toBe(1);
  expect([undefined, whole.status]).toContain(status);
  if (status !== undefined) expect(bodies).toEqual(whole.bodies); // never green before the comment says what is green
}
