import { describe, expect, test } from '@jest/globals';
import { apiHost, findHostFault, isLoopback } from '#core/registry/host.ts';

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

describe('the host of a registry', () => {
  test.each([
    'registry.example',
    'registry.example:5000',
    'registry',
    'localhost:1',
    '10.1.2.3:65535',
    '[2001:db8::7]:443',
    '[::1]',
    'docker.io',
    'Registry.example',
  ])('%s can be reached', (host) => {
    expect(findHostFault(host)).toBeUndefined();
  });

  test.each([
    ['registry.example:99999', 'has the port 99999, which does not exist: ports go from 1 to 65535'],
    ['registry.example:0', 'has the port 0,'],
    ['[::1]:65536', 'has the port 65536,'],
    ['registry..example', 'is not a registry host'],
    ['registry-.example', 'is not a registry host'],
    ['registry.example/team', 'is not a registry host'],
    ['https://registry.example', 'is not a registry host'],
    ['[::7::1]', 'is not one of IPv4 or IPv6'],
    ['300.1.2.3', 'is not one of IPv4 or IPv6'],
    ['10.1:5000', 'a client reads it as 10.0.0.1'],
    ['hub.docker.com', 'its registry is docker.io'],
  ])('%s cannot, and the reason is said', (host, words) => {
    expect(findHostFault(host)).toContain(words);
  });

  test("Docker Hub's names lead to its API, and no other name does", () => {
    const names = ['docker.io', 'index.docker.io', 'registry-1.docker.io'];
    expect(names.map(apiHost)).toEqual(names.map(() => 'registry-1.docker.io'));
    expect(apiHost('docker.io.example')).toBe('docker.io.example');
  });
});
