import { createHash } from 'node:crypto';

/** A secret, and the letters and digits in it that no escaping alters. */
interface Planted {
  readonly text: string;
  readonly core: string;
}

/** Passwords with every sign, keys of several lines, JSON, addresses, words beyond ASCII. */
const SHAPES: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `Pa$$ "${core}" <&> |\\\``,
  (core) => `BEGIN ${core}a\n${core}b\nEND ${core}c`,
  (core) => `{"password":"${core}"}`,
  (core) => `https://user:${core}@db.example/x?y=%20`,
  (core) => `ÄÖ-${core}-€`,
];

function plant(at: number): Planted {
  const core = `k${at}q${createHash('sha256').update(`planted ${at}`).digest('hex').slice(0, 14)}`;
  return { core, text: SHAPES[at % SHAPES.length]?.(core) ?? core };
}

let next = 0;
const take = (count: number): Planted[] => Array.from({ length: count }, () => plant(next++));
const one = (shape = 0): Planted => {
  const { core } = plant(next++);
  return { core, text: SHAPES[shape]?.(core) ?? core };
};

/** Where each of the forty is: what Terraform knows, what its environment has, what the steps get, what manifests hold. */
export const PLANTED = {
  given: take(8),
  preset: take(4),
  inputs: take(6),
  number: { text: '7300042917', core: '7300042917' },
  outputs: take(3),
  module: take(2),
  trigger: one(),
  old: take(2),
  accessKey: one(),
  sessionToken: one(),
  password: one(1),
  privateKey: one(2),
  backend: one(),
  planKey: one(5),
  jobToken: one(),
  data: take(2),
  stringData: one(1),
  literal: one(),
  removed: one(3),
  docker: one(),
} as const;

/** All of them. */
export const ALL: readonly Planted[] = Object.values(PLANTED).flat();

/** Those that Terraform gets as sensitive values. */
const KNOWN: readonly Planted[] = [
  ...PLANTED.given,
  ...PLANTED.preset,
  ...PLANTED.inputs,
  PLANTED.number,
  ...PLANTED.outputs,
  ...PLANTED.module,
  PLANTED.trigger,
];

/** Returns which of the secrets a text has, as they are or in base64 at any place of a group. */
export function findPlanted(text: string): string[] {
  return ALL.filter(({ core }) => {
    const cores = [0, 1, 2].map((shift) =>
      Buffer.from(' '.repeat(shift) + core)
        .toString('base64')
        .slice(4, -4),
    );
    return [core, ...cores].some((form) => text.includes(form));
  }).map(({ core }) => core);
}

const hcl = (text: string): string => JSON.stringify(text);

const VARIABLES = [
  ...PLANTED.given.map((_one, at) => `variable "given${at}" {\n  type      = string\n  sensitive = true\n}\n`),
  ...PLANTED.preset.map(
    ({ text }, at) =>
      `variable "preset${at}" {\n  type      = string\n  sensitive = true\n  default   = ${hcl(text)}\n}\n`,
  ),
].join('');

const LOCALS = `locals {
  all = [
    ${[
      ...PLANTED.given.map((_one, at) => `nonsensitive(var.given${at})`),
      ...PLANTED.preset.map((_one, at) => `nonsensitive(var.preset${at})`),
      ...[...PLANTED.inputs, PLANTED.number, ...PLANTED.outputs, ...PLANTED.module, PLANTED.trigger].map(({ text }) =>
        hcl(text),
      ),
    ].join(',\n    ')},
  ]
}
`;

/** Says everything that Terraform knows as sensitive aloud, as a code's author may: in each form that a secret can take. */
function leak(name: string, words: string): string {
  return `resource "terraform_data" "${name}" {
  for_each = { for at, text in local.all : "n\${at}" => text }
  input = {
    plain  = "${words} \${each.value}"
    json   = jsonencode({ deep = [each.value] })
    url    = "https://h.example/?q=\${urlencode(each.value)}"
    base64 = base64encode("user:\${each.value}")
    lines  = "one\\n\${each.value}\\nthree"
    map    = { (each.value) = 1 }
  }
}
`;
}

const HELD = `resource "terraform_data" "held" {
  triggers_replace = sensitive(${hcl(PLANTED.trigger.text)})
  input = {
    plain  = "shown"
    one    = sensitive(${hcl(PLANTED.inputs[0]?.text ?? '')})
    nested = { deep = [${PLANTED.inputs.slice(1).map(({ text }) => `sensitive(${hcl(text)})`)}] }
    number = sensitive(${PLANTED.number.text})
    given  = [${PLANTED.given.map((_one, at) => `var.given${at}`)}]
    preset = [${PLANTED.preset.map((_one, at) => `var.preset${at}`)}]
  }
}
resource "terraform_data" "keyed" {
  for_each = toset(local.all)
}
module "inner" {
  source = "../inner"
  one    = ${hcl(PLANTED.module[0]?.text ?? '')}
  two    = ${hcl(PLANTED.module[1]?.text ?? '')}
}
${PLANTED.outputs.map(({ text }, at) => `output "secret${at}" {\n  value     = ${hcl(text)}\n  sensitive = true\n}\n`).join('')}output "leak" {
  value = join(" ", local.all)
}
`;

/** A module whose variables are sensitive. */
export const INNER = `variable "one" {
  sensitive = true
}
variable "two" {
  sensitive = true
}
resource "terraform_data" "inner" {
  input = [var.one, var.two]
}
`;

const BACKEND = 'terraform {\n  backend "http" {}\n}\n';

/** The stack as it is deployed. */
export const BEFORE = `${BACKEND}${VARIABLES}${LOCALS}${leak('leak', 'was')}resource "terraform_data" "old" {
  input = [${PLANTED.old.map(({ text }) => `sensitive(${hcl(text)})`)}]
}
resource "terraform_data" "old_leak" {
  input = "${PLANTED.old.map(({ text }) => hcl(text).slice(1, -1)).join(' ')}"
}
`;

/** The stack after the change. Its apply fails, and what fails prints all that it can reach to its log. */
export const AFTER = (
  leaked: string,
): string => `${BACKEND}${VARIABLES}${LOCALS}${leak('leak', 'is')}${leak('new', 'is')}${HELD}
resource "terraform_data" "broken" {
  depends_on = [terraform_data.leak, terraform_data.held]
  provisioner "local-exec" {
    environment = { LEAK = join("\\n", local.all) }
    command     = "{ env; cat .terraform/terraform.tfstate; } | tee ${leaked} >&2; exit 4"
  }
}
`;

/** A condition that fails and says all that it knows. */
export const FAULT = `resource "terraform_data" "checked" {
  lifecycle {
    precondition {
      condition     = length(local.all) == 0
      error_message = "\${join(", ", local.all)} are \${base64encode(local.all[0])}"
    }
  }
}
`;

/** What the jobs of Terraform have in their environment. */
export const ENVIRONMENT: Readonly<Record<string, string>> = {
  ...Object.fromEntries(PLANTED.given.map(({ text }, at) => [`TF_VAR_given${at}`, text])),
  AWS_SECRET_ACCESS_KEY: PLANTED.accessKey.text,
  AWS_SESSION_TOKEN: PLANTED.sessionToken.text,
  DB_PASSWORD: PLANTED.password.text,
  APP_PRIVATE_KEY: PLANTED.privateKey.text,
  GITHUB_TOKEN: PLANTED.jobToken.text,
};

/** Those that a failing provisioner can print. */
export const REACHABLE: readonly Planted[] = [
  ...KNOWN,
  PLANTED.accessKey,
  PLANTED.sessionToken,
  PLANTED.password,
  PLANTED.privateKey,
  PLANTED.backend,
];

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** Manifests with Secrets, and a Deployment that repeats them where none belongs. */
export function manifestsOf(side: 'before' | 'after'): Record<string, string> {
  const [first, second] = PLANTED.data.map(({ text }) => text);
  const value = side === 'before' ? first : second;
  const removed = `---
apiVersion: v1
kind: Secret
metadata: {name: goes}
stringData: {v: ${hcl(PLANTED.removed.text)}}
`;
  const repeated = [value, PLANTED.stringData.text, PLANTED.literal.text, base64(value ?? '')].join(' ');
  const docker = JSON.stringify({ auths: { 'registry.example': { auth: PLANTED.docker.text } } });
  return {
    'overlays/production/kustomization.yaml': `resources: [all.yaml]
secretGenerator:
  - name: made
    literals: ["v=${PLANTED.literal.text}${side === 'before' ? '' : '2'}"]
`,
    'overlays/production/all.yaml': `apiVersion: v1
kind: Secret
metadata: {name: held}
data: {v: ${base64(value ?? '')}}
stringData: {w: ${hcl(`${side} ${PLANTED.stringData.text}`)}, x: ${hcl(PLANTED.stringData.text)}}
---
apiVersion: v1
kind: Secret
metadata: {name: docker}
type: kubernetes.io/dockerconfigjson
data: {.dockerconfigjson: ${base64(`${docker}${side === 'before' ? '' : '\n'}`)}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bot}
spec:
  selector: {matchLabels: {app: bot}}
  template:
    metadata: {labels: {app: bot}}
    spec:
      containers: [{name: main, image: bot, env: [{name: REPEATED, value: ${hcl(`${side} ${repeated}`)}}]}]
${side === 'before' ? removed : ''}`,
  };
}
