import { describe, expect, test } from '@jest/globals';
import { findLive } from '#tests/support/gfm.ts';
import { planOf, render, resource } from './plan-builder.ts';

const LIVE = [
  '[a](https://evil.example)',
  'https://evil.example',
  'www.evil.example',
  'a@evil.example',
  '![x](https://evil.example/x.png)',
  '<img src=x>',
  '</code></summary></details>',
  '<!-- hidden -->',
  '@octocat',
  '#1',
  '$x$',
  '**bold**~~',
  '| @a | b |\n| - | - |\n| 1 | 2 |',
  '- [ ] item',
  '# heading <b>',
  '```\n</details>',
  '[^1]\n\n[^1]: note',
  '> quote &copy;',
];

test.each(LIVE)('the parser of the tests sees %j where it is not in code', (text) => {
  expect(findLive(`${text}\n`)).not.toEqual([]);
});

describe('wherever a plan has it, it is inert', () => {
  test.each([...LIVE, '\u202e', '\0\u001b[2J', '\r', '::add-mask::x', '##[group]x', '`'.repeat(50)])('%j', (text) => {
    const values = {
      [text]: text,
      list: [text, { [text]: text }],
      lines: `a\n${text}\nb`,
      json: JSON.stringify({ [text]: text }),
    };
    const change = { before: values, after: { ...values, [text]: `${text} ${text}`, lines: `a\n${text}!\nb` } };
    const named = resource(
      `aws_x.y["${text}"]`,
      ['update'],
      { ...change, importing: { id: text } },
      {
        type: text,
        deposed: text,
        action_reason: text,
        previous_address: text,
      },
    );
    const plan = planOf(
      [
        named,
        resource(text, [text], change),
        ...['delete', 'create'].map((action) => resource(text, [action], change)),
      ],
      {
        resource_drift: [named],
        deferred_changes: [{ reason: text, resource_change: named }],
        output_changes: { [text]: { actions: ['update'], ...change } },
        checks: [
          {
            address: { to_display: text },
            status: 'fail',
            instances: [{ status: 'fail', problems: [{ message: text }] }],
          },
        ],
        action_invocations: [
          { address: text, type: text, lifecycle_action_trigger: { triggering_resource_address: text } },
        ],
        terraform_version: text,
      },
    );
    for (const limit of [60_000, 3_000]) {
      const comment = render({
        plans: { [text]: plan, [`other ${text}`]: planOf([]) },
        errors: [text],
        head: text,
        limit,
      });
      expect(findLive(comment)).toEqual([]);
      expect(comment).not.toMatch(/(?!\n)\p{C}|^\s*::|##\[/mu);
    }
  });
});
