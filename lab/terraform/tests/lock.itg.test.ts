import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { type Lab, openLab } from '#lab/supervisor/lab.ts';
import { silentProgress } from '#lab/supervisor/progress.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { findProviderMirror } from '#lab/terraform/mirror.ts';
import { obtainTools, type Toolbox } from '#lab/toolbox/toolbox.ts';

const STACKS = ['aws', 'bootstrap', 'secrets'];
const PROVIDER = 'registry.terraform.io/hashicorp/aws/5.100.0';
const page = readFileSync(join(repositoryRoot, 'terraform/README.md'), 'utf8');
const [, command = ''] = /^## Lock files$[\s\S]*?^```text\n([\s\S]*?)^```$/m.exec(page) ?? [];

let lab: Lab;
let toolbox: Toolbox;

beforeAll(async () => {
  toolbox = await obtainTools(['terraform'], silentProgress);
  lab = await openLab({ progress: silentProgress, path: toolbox.path });
}, 120_000);

afterAll(async () => {
  await lab.stop();
});

/** A mirror with this machine's package for linux_amd64, and small ones in the place of the others. */
function makeMirror(platforms: readonly string[]): string {
  const mirror = lab.folder('mirror', platforms.join('-'));
  mkdirSync(join(mirror, PROVIDER), { recursive: true });
  for (const platform of platforms) {
    const found = join(findProviderMirror() ?? '', PROVIDER, platform);
    if (platform === 'linux_amd64') symlinkSync(found, join(mirror, PROVIDER, platform));
    else {
      mkdirSync(join(mirror, PROVIDER, platform));
      writeFileSync(join(mirror, PROVIDER, platform, 'terraform-provider-aws_v5.100.0_x5'), platform);
    }
  }
  return mirror;
}

/** The README's command in a copy of the repository's Terraform code; only the registry is replaced, by a mirror. */
async function addHashes(mirror: string): Promise<{ code: number; stderr: string; locks: string[] }> {
  const folder = lab.folder('copy', mirror.replaceAll('/', '-'));
  cpSync(join(repositoryRoot, 'terraform'), join(folder, 'terraform'), {
    recursive: true,
    filter: (path) => !/\.terraform$|tfstate/.test(path),
  });
  const terraform = [
    'terraform() {',
    '  case "$2 ${3-}" in "providers lock") set -- "${@:1:3}" -no-color "-fs-mirror=$MIRROR" "${@:4}";; esac',
    `  command ${toolbox.tool('terraform')} "$@"`,
    '}',
  ].join('\n');
  const { code, stderr } = await lab.exec(['bash', '-c', `set -euo pipefail\n${terraform}\ncd ${folder}\n${command}`], {
    extraEnv: { CHECKPOINT_DISABLE: '1', MIRROR: mirror },
    accept: 'any',
  });
  const read = (stack: string): string => readFileSync(join(folder, 'terraform', stack, '.terraform.lock.hcl'), 'utf8');
  return { code, stderr: stderr.toString(), locks: STACKS.map(read) };
}

const hashesOf = (lock: string): string[] => [...lock.matchAll(/"(h1:[^"]+)"/g)].map(([, hash = '']) => hash);
const committed = STACKS.map((stack) =>
  readFileSync(join(repositoryRoot, 'terraform', stack, '.terraform.lock.hcl'), 'utf8'),
);

test('the workflow at GitHub types what the README says, with the program that slipway.yaml names', () => {
  const workflow = readFileSync(join(repositoryRoot, '.github/workflows/lock.yml'), 'utf8').replaceAll(/^ {10}/gm, '');
  const typed = command.replaceAll(/^( *)terraform /gm, '$1"$BINARY" ');
  expect(workflow).toContain(`${typed}git --no-pager diff --exit-code -- terraform`);
  expect(workflow).toContain('BINARY: ${{ inputs.binary || steps.stacks.outputs.binary }}');
});

test('a mirror with one platform gives the hash that is committed, for every stack', () => {
  expect(new Set(committed.flatMap(hashesOf)).size).toBe(1);
});

test("the README's command adds the hashes of the four platforms, and keeps the one that is there", async () => {
  const { code, stderr, locks } = await addHashes(
    makeMirror(['linux_amd64', 'linux_arm64', 'darwin_amd64', 'darwin_arm64']),
  );
  expect({ code, stderr }).toMatchObject({ code: 0 });
  for (const [index, lock] of locks.entries()) {
    expect(hashesOf(lock)).toHaveLength(4);
    expect(hashesOf(lock)).toEqual(expect.arrayContaining(hashesOf(committed[index] ?? '')));
  }
  expect(new Set(locks).size).toBe(1);
}, 120_000);

test('where a platform cannot be had, it says which, and changes nothing', async () => {
  const { code, stderr, locks } = await addHashes(makeMirror(['linux_amd64', 'linux_arm64', 'darwin_amd64']));
  expect(code).toBe(1);
  expect(stderr.replaceAll(/[\s│]+/g, ' ')).toMatch(/hashicorp\/aws 5\.100\.0 is not available for darwin_arm64/);
  expect(locks).toEqual(committed);
}, 120_000);
