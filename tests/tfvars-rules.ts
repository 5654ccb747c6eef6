import { type Block, parseBlocks, readComments } from '#tests/terraform-blocks.ts';

/** What secrets look like, by what they are. The forms are those that their makers publish. */
const FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  ['an AWS access key', /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/],
  // a key has all three kinds of characters; the id of a commit, which has 40 too, has no capitals
  ['an AWS secret key', /(?<![\w/+])(?=[a-z0-9/+]*[A-Z])(?=[A-Z0-9/+]*[a-z])[A-Za-z0-9/+]{40}(?![\w/+])/],
  ['a Discord token', /[A-Za-z0-9_-]{20,}\.[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{20,}/],
  ['a GitHub token', /\b(?:gh[opsur]_[A-Za-z0-9]{20,}|github_pat_\w{20,})/],
  ['an API key', /\bsk-[A-Za-z0-9_-]{8,}/],
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['a webhook', /https:\/\/(?:hooks\.slack\.com|discord(?:app)?\.com\/api\/webhooks)\//],
  ['a password in an address', /\w:\/\/[^\s/"@:]+:[^\s/"@]+@/],
];

/**
 * Returns what in .tfvars files (texts by path) must not be committed, one sentence each: a value for a variable that
 * the Terraform code (texts by path) calls sensitive or ephemeral, and what looks like a secret, in comments too. No
 * sentence has the value.
 */
export function checkTfvars(tfvars: ReadonlyMap<string, string>, code: ReadonlyMap<string, string>): string[] {
  const secret = new Set(
    [...code.values()]
      .flatMap((text) => parseBlocks(text))
      .filter(isSecretVariable)
      .map(({ labels }) => labels[0] ?? ''),
  );
  return [...tfvars].flatMap(([file, text]) => [
    ...readValues(file, text).flatMap(([name, value]) => {
      const remedy = `take it out, and give it to the apply by TF_VAR_${name}`;
      if (secret.has(name)) return [`${file}: ${name} is a secret and does not belong into a file: ${remedy}`];
      const what = findForm(value);
      return what === undefined ? [] : [`${file}: ${name} holds what looks like ${what}: ${remedy}`];
    }),
    ...(file.endsWith('.json') ? [] : readComments(text)).flatMap((comment) => {
      const names = [...comment.matchAll(/\b(\w+)\s*=\s*"[^"]/g)].map(([, name = '']) => name);
      const name = names.find((one) => secret.has(one));
      if (name !== undefined) return [`${file}: a comment sets ${name}, which is a secret: take it out, and rotate it`];
      const what = findForm(comment);
      return what === undefined ? [] : [`${file}: a comment holds what looks like ${what}: take it out, and rotate it`];
    }),
  ]);
}

function findForm(text: string): string | undefined {
  return FORMS.find(([, form]) => form.test(text))?.[0];
}

function isSecretVariable({ type, attributes }: Block): boolean {
  return type === 'variable' && (attributes.get('sensitive') === 'true' || attributes.get('ephemeral') === 'true');
}

/** Returns the values of a .tfvars or .tfvars.json file as text, by their variables. */
function readValues(file: string, text: string): (readonly [name: string, value: string])[] {
  if (file.endsWith('.json'))
    return Object.entries(JSON.parse(text)).map(([name, value]) => [name, JSON.stringify(value)]);
  const [values] = parseBlocks(`values {\n${text}\n}`);
  return [...(values?.attributes ?? [])];
}
