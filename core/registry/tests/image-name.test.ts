import { describe, expect, test } from '@jest/globals';
import { parseImageName } from '#core/registry/image-name.ts';

const digest = `sha256:${'a'.repeat(64)}`;

describe('parseImageName', () => {
  const right: [string, string, string, string | undefined, string | undefined, string][] = [
    ['node', 'registry-1.docker.io', 'library/node', 'latest', undefined, 'node'],
    ['node:24-bookworm-slim', 'registry-1.docker.io', 'library/node', '24-bookworm-slim', undefined, 'node'],
    ['docker.io/node:24', 'registry-1.docker.io', 'library/node', '24', undefined, 'docker.io/node'],
    ['team/bot:v1', 'registry-1.docker.io', 'team/bot', 'v1', undefined, 'team/bot'],
    ['localhost/bot', 'localhost', 'bot', 'latest', undefined, 'localhost/bot'],
    ['127.0.0.1:5000/lab/base', '127.0.0.1:5000', 'lab/base', 'latest', undefined, '127.0.0.1:5000/lab/base'],
    [`ghcr.io/team/bot@${digest}`, 'ghcr.io', 'team/bot', undefined, digest, 'ghcr.io/team/bot'],
    [`host:5000/bot:v1@${digest}`, 'host:5000', 'bot', 'v1', digest, 'host:5000/bot'],
  ];
  test.each(right)('%s', (text, host, repository, tag, pinned, name) => {
    expect(parseImageName('base_image', text)).toEqual({ host, repository, tag, digest: pinned, name });
  });

  const wrong = [
    '',
    ':',
    'node:',
    'node@sha256:abc',
    'a b',
    'node:24\n',
    '../x',
    'x/../y',
    'http://host/x',
    '-x',
    'node:-x',
    'x@',
    'a//b',
    '.a',
    '${var.x}',
  ];
  test.each(wrong)('refuses %j', (text) => {
    expect(() => parseImageName('base_image', text)).toThrow('is not an image reference');
  });

  test.each([
    ['Node', 'has a repository with capital letters: write it in lower case'],
    ['docker.io/team/Bot:v1', 'write it in lower case'],
    ['a'.repeat(64), 'which Docker takes for the id of an image: write its name before a digest'],
    [`registry.example/${'a'.repeat(256)}`, 'has a repository of 256 characters: at most 255 are allowed'],
    [`node@sha512:${'a'.repeat(128)}`, 'its digest is not sha256: and 64 lower-case hex digits'],
    ['host:99999/x', 'names "host:99999" as its registry, which has the port 99999, which does not exist'],
    ['registry_1.example/x', 'names "registry_1.example" as its registry, which is not a registry host'],
    ['10.1/x', 'names "10.1" as its registry, which is not a host: a client reads it as 10.0.0.1'],
    ['hub.docker.com/r/node', "which is a web site of Docker's: its registry is docker.io"],
  ])('refuses %s and says why', (text, words) => {
    expect(() => parseImageName('base', text)).toThrow(words);
  });
});
