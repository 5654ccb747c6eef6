import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { Stack } from '#lab/terraform/stack.ts';

const runbooks = join(repositoryRoot, 'docs/runbooks');
/** The others need AWS; this one needs git alone, and commands/tests/runbook.test.ts runs it. */
const files = [...readdirSync(runbooks).filter((file) => file !== 'rollback.md'), '../data.md'];
const read = (file: string): string => readFileSync(join(runbooks, file), 'utf8');
/** Every block of a runbook that is marked `sh`, by its place. */
export const blocks = files.flatMap((file) =>
  [...read(file).matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(
    ([, indent = '', code = ''], index) =>
      [`${file}, block ${index + 1}`, code.replaceAll(new RegExp(`^${indent}`, 'gm'), '')] as const,
  ),
);

/** A cluster that has one secret, in a file, and answers the things that the runbooks ask of it. */
const KUBECTL = [
  'case "$1 $3" in',
  '"apply -") test "$*" = "apply -f -" && cat > aws-cluster.json;;',
  'auth*) echo yes;;',
  '"-n get") jq -j .stringData.AWS_ACCESS_KEY_ID aws-cluster.json | base64 -w0;;',
  // the pods of an environment go when its commit is at the remote
  '"-n wait") grep -qx "namespace: $2" overlays/*/kustomization.yaml && test -z "$(git log origin/main..)";;',
  '*) exit 1;;',
  'esac',
].join(' ');

/** Terraform with the provider that runs for the stack, and a person who reads the plan and says yes. */
const TERRAFORM = [
  'local provider="provider_${1##*/}"; export TF_REATTACH_PROVIDERS="${!provider-}";',
  'case "$2" in',
  'apply|destroy) command terraform "$1" "$2" -auto-approve -no-color "${@:3}";;',
  '*) command terraform "$@";;',
  'esac',
].join(' ');

/** Returns a block by its place, such as `look.md, block 1`. */
export function blockOf(name: string): string {
  const block = blocks.find(([place]) => place === name)?.[1];
  if (block === undefined) throw new Error(`there is no ${name}`);
  return block;
}

/** The block of set-up.md that moves the state of bootstrap into its bucket. */
export const moveState = (): string => {
  const [, block = ''] = /^ {3}```bash\n(\s*BUCKET=[\s\S]*?)^ {3}```$/m.exec(read('set-up.md')) ?? [];
  return block.replaceAll(/^ {3}/gm, '');
};

/** Returns the start of a script: the tools as a person has them, in the clone that the person works in, and the stacks' providers. */
export function writeShell(folder: string, stacks: readonly Stack[]): string {
  return [
    'set -euo pipefail',
    // an old command line does not know AWS_ENDPOINT_URL, npm must find this project's scripts, and the cluster is a file
    'aws() { command aws --endpoint-url "$AWS_ENDPOINT_URL" "$@"; }',
    `npm() { command npm --prefix ${JSON.stringify(repositoryRoot)} "$@"; }`,
    `kubectl() { ${KUBECTL}; }`,
    `terraform() { ${TERRAFORM}; }`,
    // a person who changes in the file what $EDIT says
    'export EDITOR=edit; edit() { sed -i "$EDIT" "$1"; }',
    ...stacks.map((stack) => `provider_${basename(stack.folder)}='${stack.provider.TF_REATTACH_PROVIDERS ?? ''}'`),
    `cd ${JSON.stringify(folder)}`,
  ].join('\n');
}
