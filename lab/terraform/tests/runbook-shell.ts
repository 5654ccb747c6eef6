import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import type { Stack } from '#lab/terraform/stack.ts';

const runbooks = join(repositoryRoot, 'docs/runbooks');
/** The others need AWS; this one needs git alone, and commands/tests/runbook.test.ts runs it. */
const files = [...readdirSync(runbooks).filter((file) => file !== 'rollback.md'), '../data.md'];
/** Every block of a runbook that is marked `sh`, by its place. */
export const blocks = files.flatMap((file) =>
  [...readFileSync(join(runbooks, file), 'utf8').matchAll(/^( *)```sh\n([\s\S]*?)^ *```$/gm)].map(
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
  '"-n wait") echo condition met;;',
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

/** What a block needs that the reader has: here the old table, with two messages of one second. */
export const GIVEN: Readonly<Record<string, string>> = {
  '../data.md, block 6': [
    'OLD=old_history NEW=chat_history',
    'trap \'aws dynamodb delete-table --table-name "$OLD" > old.json\' EXIT',
    'aws dynamodb create-table --table-name "$OLD" --billing-mode PAY_PER_REQUEST --attribute-definitions AttributeName=thread_id,AttributeType=S AttributeName=created_at,AttributeType=S --key-schema AttributeName=thread_id,KeyType=HASH AttributeName=created_at,KeyType=RANGE > old.json',
    'for time in 2026-11-27T05:58:01Z 2026-11-27T05:58:01.123Z; do aws dynamodb put-item --table-name "$OLD" --item "{\\"thread_id\\": {\\"S\\": \\"t\\"}, \\"created_at\\": {\\"S\\": \\"$time\\"}, \\"expires_at\\": {\\"N\\": \\"1800000000\\"}}"; done',
    '',
  ].join('\n'),
};

/** What blocks say, errors first. */
export const SAID: Readonly<Record<string, RegExp>> = {
  'restore-table.md, block 5': /Import successful/,
  'restore-table.md, block 6': /Apply complete! Resources: \d+ added, \d+ changed, 0 destroyed/,
  'rotate-secrets.md, block 1': /^discord-bot-bot has the key (\w+)\n[\s\S]*"\1",\s+"Active"/,
  'rotate-secrets.md, block 2': /^discord-bot-cluster has the key (\w+)\nyes\n\1$/,
  'rotate-secrets.md, block 3':
    /^discord-bot-bot has the key \w+ alone: nothing to retire\ndiscord-bot-cluster .* alone/,
  '../data.md, block 5': /^"ACTIVE"\n"ACTIVE"\n$/,
  '../data.md, block 6': /^2\n2\n$/,
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
    ...stacks.map((stack) => `provider_${basename(stack.folder)}='${stack.provider.TF_REATTACH_PROVIDERS ?? ''}'`),
    `cd ${JSON.stringify(folder)}`,
  ].join('\n');
}
