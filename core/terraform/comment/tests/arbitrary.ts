import fc from 'fast-check';
import { planOf, resource } from './plan-builder.ts';

/** Text that has broken a renderer somewhere. */
const HOSTILE = [
  '```',
  '````````````',
  '</details>',
  '</code></summary>',
  '<!-- x -->',
  '<script>alert(1)</script>',
  '@octocat',
  '#12',
  '[a](https://evil.example)',
  'www.evil.example',
  'a@evil.example',
  '| a | b |\n| - | - |',
  '$x$',
  '\u202e\u2066',
  '\0\u001b[31m\r',
  '\r\n',
  '\n\n# heading\n\n- item',
  '::error::x',
  '##[error]x',
  '\ud83d',
  '[!CAUTION]',
  '&lt;b&gt;',
  '{"a":["</details>",1]}',
  '[]',
  'https://user:pass@host',
  '\\',
  '"]',
  '__proto__',
];

const text = fc.oneof(
  fc.constantFrom(...HOSTILE),
  fc.string({ unit: 'binary', maxLength: 5 }),
  fc.array(fc.constantFrom(...HOSTILE, 'word', ' ', '\n'), { maxLength: 5 }).map((parts) => parts.join('')),
  fc.nat(150).map((size) => 'ab '.repeat(size)),
);
const leaf = fc.oneof(text, fc.integer(), fc.double(), fc.boolean(), fc.constant(null));
const flat = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }), fc.dictionary(text, leaf, { maxKeys: 3 }));
const nested = fc.oneof(flat, fc.array(flat, { maxLength: 2 }), fc.dictionary(text, flat, { maxKeys: 2 }));
const values = fc.oneof(fc.dictionary(text, nested, { maxKeys: 3 }), fc.constant(null));
/** A mask that fits its value only by chance, as one of another version of Terraform might. */
const mask = fc.oneof(
  fc.boolean(),
  fc.dictionary(text, fc.oneof(fc.boolean(), fc.array(fc.boolean())), { maxKeys: 3 }),
);

const ACTIONS = [
  ['no-op'],
  ['create'],
  ['read'],
  ['update'],
  ['delete'],
  ['delete', 'create'],
  ['create', 'delete'],
  ['forget'],
  ['create', 'forget'],
  ['later'],
];

const change = fc.record({
  before: values,
  after: values,
  after_unknown: mask,
  before_sensitive: mask,
  after_sensitive: mask,
  replace_paths: fc.array(fc.array(fc.oneof(text, fc.nat(3)), { maxLength: 2 }), { maxLength: 2 }),
  importing: fc.option(fc.record({ id: text })),
});
const more = fc.record(
  { deposed: text, action_reason: text, previous_address: text, type: text },
  { requiredKeys: [] },
);
/** An address that only it has, so that a test can look for it. */
const resources = fc
  .array(fc.tuple(fc.constantFrom(...ACTIONS), change, more, text), { maxLength: 6 })
  .map((all) =>
    all.map(([actions, rest, extra, key], at) =>
      resource(`aws_x.number_${at}[${JSON.stringify(key)}]`, actions, rest, extra),
    ),
  );
const outputs = fc.dictionary(text, fc.tuple(fc.constantFrom(['create'], ['update'], ['delete'], ['no-op']), change), {
  maxKeys: 3,
});

/** Plans of all kinds with values of all kinds. */
export const plans = fc
  .tuple(resources, resources, outputs, fc.boolean(), fc.boolean())
  .map(([changed, drifted, changedOutputs, errored, complete]) =>
    planOf(changed, {
      resource_drift: drifted.slice(0, 2),
      output_changes: Object.fromEntries(
        Object.entries(changedOutputs).map(([name, [actions, rest]]) => [name, { ...rest, actions }]),
      ),
      errored,
      complete,
    }),
  );
