import { describe, expect, test } from '@jest/globals';
import type { TreeEntry } from '#core/git/tree-entry.ts';
import { findDefault } from '#core/source/base-image.ts';
import type { InputSettings } from '#core/source/image-inputs.ts';
import { readIngredients } from '#core/source/ingredients.ts';
import type { SourceTree } from '#core/source/source-tree.ts';
import type { CommitSha, Digest } from '#core/values/reference.ts';

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const files = ['app', 'app/package.json', 'docker/build.pkr.hcl'];
const template = 'variable "base_image" {\n  default = "node:24"\n}\n';

function source(present: readonly string[] = files, text = template): SourceTree {
  const id = (path: string): TreeEntry => ({ path, mode: '100644', type: 'blob', oid: `oid of ${path}` });
  return {
    commit: 'a'.repeat(40) as CommitSha, // 40 hex digits
    findEntries: async (paths) => paths.map((path) => (present.includes(path) ? id(path) : undefined)),
    readText: async () => text,
  };
}

const image: InputSettings = {
  name: 'discord-bot',
  template: 'docker/build.pkr.hcl',
  inputs: ['app'],
  dependencies: ['app/package.json'],
  variables: {},
};

describe('the base image', () => {
  test('is the template’s default, else what slipway.yaml says', async () => {
    expect((await readIngredients(image, source())).base.written).toBe('node:24');
    const base = `host:5000/base@${digest('3')}`;
    const variables = { base_image: 'node:25' };
    expect((await readIngredients({ ...image, variables }, source())).base.written).toBe('node:25');
    expect((await readIngredients({ ...image, base, variables }, source(files, ''))).base.written).toBe(base);
  });

  test('that is written nowhere is asked for', async () => {
    await expect(readIngredients(image, source(files, ''))).rejects.toThrow(
      'has no variable base_image with a literal default',
    );
  });
});

describe('the hashes', () => {
  const hashes = async (change: Partial<InputSettings>, present = files) => {
    const { inputHash, dependenciesHash } = await readIngredients({ ...image, ...change }, source(present));
    return [inputHash, dependenciesHash];
  };

  test('change with the written base image, the variables, and the plugins beside the template', async () => {
    const before = await hashes({});
    for (const after of [
      await hashes({ base: 'node:25' }),
      await hashes({ base: 'node:26' }),
      await hashes({ variables: { base_image: 'node:25' } }),
      await hashes({ variables: { npm_registry: 'x' } }),
      await hashes({}, [...files, 'docker/plugins.pkr.hcl']),
    ]) {
      expect(after[0]).not.toBe(before[0]);
      expect(after[1]).not.toBe(before[1]);
    }
  });

  test('differ for an image and its dependency layer of the same files', async () => {
    const [whole, layer] = await hashes({ inputs: ['app/package.json'] });
    expect(whole).not.toBe(layer);
  });

  test('are one for an image without a dependency layer', async () => {
    expect((await hashes({ dependencies: [] }))[1]).toBeUndefined();
  });
});

test.each(['app', 'app/package.json', 'docker/build.pkr.hcl'])('%s must be in the commit', async (path) => {
  const present = files.filter((file) => file !== path);
  await expect(readIngredients(image, source(present))).rejects.toThrow(
    `images.discord-bot: "${path}" is not in commit ${'a'.repeat(40)}`,
  );
});

test('variables that the action sets itself are refused', async () => {
  const variables = { image_tag: 'v1' };
  await expect(readIngredients({ ...image, variables }, source())).rejects.toThrow(
    '"image_tag" is set by build-image itself',
  );
});

describe('findDefault', () => {
  test.each([
    ['variable "base_image" { default = "a" }', 'a'],
    ['variable "base_image" {\n  type = string\n  default     = "a:b@c"\n}', 'a:b@c'],
    ['variable "base_image" {\n  description = "no default = here"\n  default = "a"\n}', 'a'],
    ['variable "other" {\n  default = "b"\n}\nvariable "base_image" {\n  default = "a"\n}', 'a'],
    ['variable "base_image" {\n  // default = "b"\n  # default = "c"\n  default = "a"\n}', 'a'],
    ['variable "base_image" {\n  type = string\n}\nvariable "other" {\n  default = "b"\n}', undefined],
    ['variable "base_image" {\n  default = "${var.x}"\n}', undefined],
    ['variable "base_image" {\n  default = env("X")\n}', undefined],
    ['# variable "base_image" { default = "b" }', undefined],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(findDefault(text, 'base_image')?.text).toBe(expected);
  });

  test('its line is that of the value, whatever is above it', () => {
    const text = '// a\n\n# default = "x"\nvariable "base_image" {\n\n  default = "node:24"\n}\n';
    expect(findDefault(text, 'base_image')).toEqual({ text: 'node:24', line: 6 });
  });
});
