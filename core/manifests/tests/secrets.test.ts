import { expect, test } from '@jest/globals';
import { compareManifests } from '#core/manifests/compare.ts';
import { readObjects } from '#core/manifests/objects.ts';
import { listSourceSecrets } from '#core/manifests/source-secrets.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Two values that a Secret holds, before and after: the one in `data`, the other in `stringData`. */
const SECRETS = [
  ['s3cr3t-old-value', 's3cr3t-new-value'],
  ['line one of a key\nline two of a key', 'other one of a key\nother two of a key'],
] as const;

const secret = (side: 0 | 1): string =>
  `apiVersion: v1\nkind: Secret\nmetadata: {name: login}\ndata: {a: ${base64(SECRETS[0][side])}}\nstringData: {b: ${JSON.stringify(SECRETS[1][side])}}\n`;

/** A value in the forms in which manifests carry it on. */
const FORMS: readonly ((value: string) => string)[] = [
  (value) => value,
  (value) => `before ${value} after`,
  base64,
  (value) => base64(`user:${value}`),
  (value) => base64(JSON.stringify({ deep: value })),
  (value) => JSON.stringify({ password: value }),
  (value) => `https://x/?q=${encodeURIComponent(value)}`,
  (value) => value.replaceAll('\n', '\r\n'),
  (value) => value.split('\n')[0] ?? '',
];

/** Where a manifest may have it: of a ConfigMap, a container, and what is new or gone. */
const PLACES: readonly ((text: string, at: number) => string)[] = [
  (text, at) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: value-${at}}\ndata: {x: ${JSON.stringify(text)}}\n`,
  (text, at) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: key-${at}}\ndata: {${JSON.stringify(text)}: x}\n`,
  (text, at) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: note-${at}, annotations: {a: ${JSON.stringify(text)}}}\n`,
  (text, at) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${JSON.stringify(`name-${at}-${text}`)}}\n`,
  (text, at) =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: env-${at}}\nspec: {template: {spec: {containers: [{name: a, env: [{name: A, value: ${JSON.stringify(text)}}]}]}}}\n`,
];

test('no form of a value of a Secret is in an entry, wherever manifests repeat it', () => {
  const render = (side: 0 | 1): string[] => {
    const texts = SECRETS.flatMap((values) => FORMS.map((form) => form(values[side])));
    return [secret(side), ...PLACES.flatMap((place, kind) => texts.map((text, at) => place(text, kind * 100 + at)))];
  };
  const [before, after] = [readObjects(render(0)), readObjects(render(1))];
  const findings = new Map(after.map((object) => [object, SECRETS.map(([, value]) => `/data: ${value} is wrong`)]));
  const entries = compareManifests({ before, after, findings });
  expect(entries.length).toBeGreaterThan(90);
  const told = entries.flatMap(({ label, note, diff }) => [label, note, diff]).join('\n');
  const parts = SECRETS.flat().flatMap((value) => [
    value,
    ...value.split('\n'),
    base64(value),
    encodeURIComponent(value),
  ]);
  expect(parts.filter((part) => told.includes(part))).toEqual([]);
  expect(told).toContain('- data.a: (sensitive)\n+ data.a: (sensitive), changed');
});

test('what kustomize is given for Secrets is known, where it does not come as far as rendering them', () => {
  const files = {
    'overlay/kustomization.yaml':
      'secretGenerator:\n- {name: a, literals: [p=literal-value], envs: [x.env], files: [k=../key.pem]}\n- {name: b, env: y.env}\n',
    'overlay/x.env': 'A=env-value\nno-equals-sign\n',
    'overlay/y.env': 'B=old-env-value\n',
    'key.pem': 'key-content',
    'overlay/secret.yaml': secret(0),
    'overlay/other.txt': 'words',
  };
  const known = listSourceSecrets(new Map(Object.entries(files).map(([path, text]) => [path, Buffer.from(text)])));
  const wanted = [
    'literal-value',
    'env-value',
    'no-equals-sign',
    'old-env-value',
    'key-content',
    ...SECRETS.map(([one]) => one),
  ];
  expect(wanted.filter((one) => !known.includes(one))).toEqual([]);
  expect(known).not.toContain('words');
});
