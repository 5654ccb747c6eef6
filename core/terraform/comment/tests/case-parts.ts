import { planOf, type Rendering, resource } from './plan-builder.ts';

/** Returns a rendering of one plan with these changes. */
export const one = (...resources: object[]): Rendering => ({ plans: { aws: planOf(resources) } });
/** Returns a policy that allows some actions. */
export const policy = (...actions: string[]): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Sid: 'Bot', Effect: 'Allow', Action: actions, Resource: '*' }],
  });
/** Returns a text of so many lines. */
export const lines = (count: number, name = 'line'): string =>
  Array.from({ length: count }, (_one, at) => `${name} ${at} of a file that is long`).join('\n');
/** Returns so many changes of one kind. */
export const many = (count: number, type: string, actions: string[], change: object = {}): object[] =>
  Array.from({ length: count }, (_one, at) => resource(`${type}.queue[${at}]`, actions, { ...change }));

/** A create, and what only apply will know of it. */
export const created = { after: { name: 'x', tags: { owner: 'platform' } }, after_unknown: { arn: true, id: true } };
/** What a destroyed resource had. */
export const gone = { before: { name: 'x', arn: 'arn:aws:sqs:ca-central-1:123456789012:x' } };
/** A text that would end what is around it, if it could. */
export const hostile = '</code></summary></details><img src=x> @octocat #1 $x$ ```\n::error::x\n| a |';
