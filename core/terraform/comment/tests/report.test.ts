import { describe, expect, test } from '@jest/globals';
import { readPart, renderComment } from '#core/terraform/comment/render.ts';
import { fromReport, parseReport, type ReportFacts, toReport } from '#core/terraform/comment/report.ts';
import { classify, planOf, resource } from '#core/terraform/comment/tests/plan-builder.ts';

const facts: ReportFacts = {
  head: 'a'.repeat(40),
  base: '',
  sources: ['terraform/aws'],
  fingerprint: 'f',
  refresh: true,
  hasDestroy: true,
  guard: [],
  errors: [],
  summaryMarkdown: '',
};
const secret = (text: string): string => text.replaceAll('hunter2', '(hidden)');
const plans = {
  aws: planOf([
    resource('aws_sqs_queue.a', ['delete'], { before: { name: 'a', policy: 'hunter2' } }),
    ...Array.from({ length: 300 }, (_one, at) =>
      resource(`aws_sqs_queue.n${at}`, ['create'], { after: { name: `${at}` } }),
    ),
  ]),
  secrets: planOf([resource('aws_ssm_parameter.p', ['update'], { before: { tier: 'a' }, after: { tier: 'b' } })]),
};
const stacks = Object.entries(plans).map(([name, plan]) => ({ name, plan: classify(plan) }));
const written = stacks.map((stack) => JSON.stringify(toReport(readPart(stack, secret), facts)));

describe('reports of several stacks', () => {
  test.each([60_000, 6_000])('make the same comment as their plans, in %i bytes together', (limit) => {
    const parts = written.map((text) => fromReport(parseReport('report.json', text)));
    const comment = renderComment(parts, { scrub: secret, limit, head: facts.head });
    expect(comment).toBe(renderComment(stacks, { scrub: secret, limit, head: facts.head }));
    expect(Buffer.byteLength(comment)).toBeLessThanOrEqual(limit);
  });

  test('hold no secret', () => {
    expect(written.join('')).not.toContain('hunter2');
  });
});

test('what a reader must know is above the changes, with the name of its stack where there are several', () => {
  const [one, other] = stacks.map((stack) => readPart({ ...stack, notes: ['Drift was not looked at.'] }, secret));
  if (one === undefined || other === undefined) throw new Error('two stacks');
  expect(renderComment([other], { scrub: secret }).split('\n\n')[1]).toBe('Drift was not looked at.');
  expect(renderComment([one, other], { scrub: secret })).toContain('\n\n`secrets`: Drift was not looked at.\n');
});

test.each([
  ['text', 'x', /^r\.json is not a report of plan-terraform: give/],
  ['another version', JSON.stringify({ version: 2 }), /^r\.json is not a report of plan-terraform \(at version\)/],
])('%s is refused', (_name, text, message) => {
  expect(() => parseReport('r.json', text)).toThrow(message);
});
