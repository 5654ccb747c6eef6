import { describe, expect, test } from '@jest/globals';
import { isLoopback, parseImageName } from '#core/registry/image-name.ts';

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
    'Node',
    'node@sha256:abc',
    'a b',
    'node:24\n',
    'host:99999999/x',
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
});

test('loopback is this machine and nothing else', () => {
  const yes = ['127.0.0.1', '127.0.0.1:5000', '127.9.9.9:1', 'localhost', 'LOCALHOST:80', '[::1]', '[::1]:5000'];
  const no = [
    '128.0.0.1',
    '127.0.0.1.example.com',
    'localhost.example.com',
    'xlocalhost',
    '[::2]',
    '10.0.0.1:127',
    '127.example.com',
  ];
  expect(yes.filter((host) => !isLoopback(host))).toEqual([]);
  expect(no.filter(isLoopback)).toEqual([]);
});
