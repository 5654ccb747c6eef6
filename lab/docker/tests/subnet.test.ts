import { describe, expect, test } from '@jest/globals';
import { chooseNetwork, formatAddress, overlap, parseAddress, parseNetwork, parseRoutes } from '#lab/docker/subnet.ts';

describe('addresses', () => {
  test.each(['0.0.0.0', '10.1.2.3', '192.168.255.1', '255.255.255.255'])('%s survives both ways', (text) => {
    expect(formatAddress(parseAddress(text))).toBe(text);
  });

  test.each([
    ['10.0.0.0/8', '10.200.3.0/24', true],
    ['10.200.3.0/24', '10.0.0.0/8', true],
    ['10.200.3.0/24', '10.200.4.0/24', false],
    ['172.17.0.0/16', '172.16.0.0/24', false],
    ['192.168.1.77/24', '192.168.1.0/24', true],
    ['128.0.0.0/1', '192.168.1.0/24', true],
  ])('%s and %s overlap: %s', (a, b, expected) => {
    expect(overlap(parseNetwork(a), parseNetwork(b))).toBe(expected);
  });
});

describe('chooseNetwork', () => {
  test('takes what is left when two of the private ranges are routed elsewhere', () => {
    const taken = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/17'].map(parseNetwork);
    for (let round = 0; round < 50; round++) {
      const network = chooseNetwork(taken);
      expect(network.bits).toBe(24);
      expect(formatAddress(network.address)).toMatch(/^192\.168\.(12[89]|1[3-9]\d|2\d\d)\.0$/);
    }
  });

  test('says so when nothing is left', () => {
    expect(() => chooseNetwork([parseNetwork('0.0.0.0/0')])).toThrow('no private /24 network is free');
  });
});

test('parseRoutes reads little-endian hex and leaves the default route out', () => {
  const table = [
    'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT',
    'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
    'eth0\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0',
    'tun0\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0',
    '',
  ].join('\n');
  expect(parseRoutes(table)).toEqual(['192.0.2.0/24', '10.0.0.0/8'].map(parseNetwork));
});
