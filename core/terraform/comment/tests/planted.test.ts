import { expect, test } from '@jest/globals';
import { planOf, render, resource } from './plan-builder.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
/** Forty secrets: words, passwords with every sign, keys of several lines, tokens, numbers. */
const SECRETS = Array.from({ length: 40 }, (_one, at) => {
  const forms = [
    `tok-${at}-ÄÖ<&>"'\\|\``,
    `Pa55w0rd${at}$x$`,
    `BEGIN${at}KEY\nMIIE${at}pAIBAAKC\nEND${at}KEY`,
    `ghp_${'x'.repeat(20)}${at}`,
    String(73_000_000 + at),
  ];
  return forms[at % forms.length] ?? '';
});

/** Returns a text in which a secret is told in every form. */
const leak = (secret: string): object => ({
  plain: `a ${secret} b`,
  json: JSON.stringify({ nested: { secret } }),
  quoted: `log: ${JSON.stringify(secret)}`,
  url: `https://h.example/?q=${encodeURIComponent(secret)}`,
  base64: base64(`user:${secret}`),
  lines: `one\n${secret}\nthree`,
  map: { [secret]: 1 },
  list: [secret],
});

/** Where a secret is marked: each of them another place. */
function mark(secret: string, at: number): { resources: object[]; more: Record<string, unknown> } {
  const places = [
    {
      resources: [resource(`aws_s.n${at}`, ['create'], { after: { v: secret }, after_sensitive: { v: true } })],
      more: {},
    },
    {
      resources: [resource(`aws_s.n${at}`, ['delete'], { before: { v: [secret] }, before_sensitive: { v: [true] } })],
      more: {},
    },
    {
      resources: [resource(`aws_s.n${at}`, ['no-op'], { before: secret, after: secret, after_sensitive: true })],
      more: {},
    },
    {
      resources: [],
      more: {
        output_changes: { [`out${at}`]: { actions: ['no-op'], before: secret, after: secret, after_sensitive: true } },
      },
    },
    {
      resources: [],
      more: {
        resource_drift: [
          resource(`aws_s.n${at}`, ['update'], { before: { v: secret }, before_sensitive: { v: true }, after: {} }),
        ],
      },
    },
    { resources: [], more: { planned_values: { outputs: { x: { sensitive: true, value: secret } } } } },
    {
      resources: [],
      more: {
        prior_state: {
          values: { root_module: { resources: [{ values: { v: secret }, sensitive_values: { v: true } }] } },
        },
      },
    },
    {
      resources: [],
      more: {
        variables: { v: { value: { deep: [secret] } } },
        configuration: { root_module: { variables: { v: { sensitive: true } } } },
      },
    },
  ];
  return places[at % places.length] ?? { resources: [], more: {} };
}

test('forty planted secrets: none is in the comment, in any form', () => {
  for (const [at, secret] of SECRETS.entries()) {
    const { resources, more } = mark(secret, at);
    const change = { before: leak(secret), after: { ...leak(secret), plain: `b ${secret} c` } };
    const leaks = [
      resource(`aws_x.y[${JSON.stringify(secret)}]`, ['update'], { ...change, importing: { id: secret } }),
      resource(
        'aws_x.new',
        ['create'],
        { after: leak(secret) },
        { previous_address: `aws_x.z[${JSON.stringify(secret)}]` },
      ),
      resource('aws_x.gone', ['delete'], { before: leak(secret) }),
    ];
    const plan = planOf([...resources, ...leaks], {
      resource_drift: leaks,
      deferred_changes: leaks.map((one) => ({ resource_change: one })),
      output_changes: { leak: { actions: ['update'], ...change } },
      checks: [
        {
          address: { to_display: 'check.x' },
          status: 'fail',
          instances: [{ status: 'fail', problems: [{ message: `is ${secret}` }] }],
        },
      ],
      ...more,
    });
    for (const approved of [undefined, planOf([])]) {
      const comment = render({ plans: { aws: plan }, errors: [`Error: ${secret}`], ...(approved && { approved }) });
      const lines = secret.split('\n').filter((line) => line.length >= 6);
      const forms = lines.flatMap((line) => [line, JSON.stringify(line).slice(1, -1), encodeURIComponent(line)]);
      const cores = [0, 1, 2].map((shift) => base64(' '.repeat(shift) + secret).slice(4, -4));
      const html = comment
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&');
      expect([...forms, ...cores].filter((form) => comment.includes(form) || html.includes(form))).toEqual([]);
      expect(comment).toContain('(sensitive)');
    }
  }
});
