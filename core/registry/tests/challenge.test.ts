import { describe, expect, test } from '@jest/globals';
import { parseChallenges } from '#core/registry/challenge.ts';

const read = (header: string | null) =>
  parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

describe('challenges by the grammar of RFC 9110', () => {
  const right: [string, string, Record<string, string>[]][] = [
    ['a scheme alone', 'Basic', [{ scheme: 'basic' }]],
    [
      'two schemes in one header',
      'Bearer realm="https://auth.example/token",service="registry", Basic realm="registry"',
      [
        { scheme: 'bearer', realm: 'https://auth.example/token', service: 'registry' },
        { scheme: 'basic', realm: 'registry' },
      ],
    ],
    [
      "a scheme's name inside quotes",
      'Digest realm="basic auth", nonce="bearer realm=x", Bearer realm="https://auth.example/token"',
      [
        { scheme: 'digest', realm: 'basic auth', nonce: 'bearer realm=x' },
        { scheme: 'bearer', realm: 'https://auth.example/token' },
      ],
    ],
    [
      'escapes and commas inside quotes',
      String.raw`Bearer realm="https://auth.example/token",service="a \"quoted\\ name\", Basic",scope="x,y"`,
      [
        {
          scheme: 'bearer',
          realm: 'https://auth.example/token',
          service: String.raw`a "quoted\ name", Basic`,
          scope: 'x,y',
        },
      ],
    ],
    [
      'a token68 before and behind another scheme',
      'NTLM TlRMTVNTUAAC==, Basic realm=registry, Negotiate a87421000492aa874209af8bc028',
      [{ scheme: 'ntlm' }, { scheme: 'basic', realm: 'registry' }, { scheme: 'negotiate' }],
    ],
    [
      'bare schemes in a row',
      'Negotiate, Kerberos,Basic realm="x"',
      [{ scheme: 'negotiate' }, { scheme: 'kerberos' }, { scheme: 'basic', realm: 'x' }],
    ],
    [
      'blanks around the equals sign, empty list elements, names in capitals',
      ', ,BEARER  Realm = "https://auth.example/token" ,, SERVICE=registry,',
      [{ scheme: 'bearer', realm: 'https://auth.example/token', service: 'registry' }],
    ],
    ['an empty value', 'Basic realm=""', [{ scheme: 'basic', realm: '' }]],
    ['the first of two parameters of one name', 'Basic realm=a, realm=b', [{ scheme: 'basic', realm: 'a' }]],
  ];
  test.each(right)('%s', (_what, header, challenges) => {
    expect(read(header)).toEqual(challenges);
  });

  test('two headers are read as one', () => {
    const headers = new Headers();
    headers.append('WWW-Authenticate', 'Basic realm="a, b"');
    headers.append('WWW-Authenticate', 'Bearer realm="https://auth.example/token"');
    expect(read(headers.get('WWW-Authenticate')).map(({ scheme }) => scheme)).toEqual(['basic', 'bearer']);
  });

  test.each([
    ['nothing', null, []],
    ['an empty header', '', []],
    [
      'a quote that does not end',
      'Basic realm="a", Bearer realm="https://auth.example',
      [{ scheme: 'basic', realm: 'a' }],
    ],
    ['two schemes without a comma', 'Basic Bearer realm="x"', []],
    [
      'two parameters without a comma',
      'Basic realm="a", Bearer realm="x" service="y"',
      [{ scheme: 'basic', realm: 'a' }],
    ],
    [
      'a parameter without a value',
      'Basic realm="a", Bearer realm=',
      [{ scheme: 'basic', realm: 'a' }, { scheme: 'bearer' }],
    ],
    ['what is no token', '"Basic" realm="a"', []],
  ])('%s: what is sound before it is read', (_what, header, challenges) => {
    expect(read(header)).toEqual(challenges);
  });
});
