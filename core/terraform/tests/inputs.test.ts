import { expect, test } from '@jest/globals';
import { listEnvironmentSecrets, listVariableValues } from '#core/terraform/environment-secrets.ts';
import { parseAllowances, parseBackendConfig, parseTypes } from '#core/terraform/inputs.ts';

const FINGERPRINT = '0'.repeat(64);

test('an allowance is an address, which may have spaces in its keys, and a fingerprint', () => {
  expect(parseAllowances('allow', `a.b["c d"]  ${FINGERPRINT}\n\n x.y ${FINGERPRINT}`)).toEqual([
    { address: 'a.b["c d"]', fingerprint: FINGERPRINT },
    { address: 'x.y', fingerprint: FINGERPRINT },
  ]);
  expect(() => parseAllowances('allow', 'a.b 1234')).toThrow(/is not ADDRESS FINGERPRINT/);
});

test('a setting of the backend is refused without its value', () => {
  expect(parseBackendConfig('backend-config', 'bucket=b\nregion=r')).toEqual(['bucket=b', 'region=r']);
  expect(() => parseBackendConfig('backend-config', '-x y=hunter2')).toThrow(
    /^backend-config: "-x y" is not a setting/,
  );
});

test('a type is one word', () => {
  expect(parseTypes('stateful', 'a_b\nc')).toEqual(['a_b', 'c']);
  expect(() => parseTypes('stateful', 'a.b')).toThrow(/is not a type/);
});

test('secrets of the environment are known by their names', () => {
  const environment = {
    AWS_SECRET_ACCESS_KEY: 's1',
    AWS_SESSION_TOKEN: 's2',
    INPUT_KEY: 's3',
    PATH: '/bin',
    TF_VAR_a: 'v',
  };
  expect(listEnvironmentSecrets(environment, ['bucket=b', 'secret_key=s4', 'password=a=b'])).toEqual([
    's1',
    's2',
    's3',
    's4',
    'a=b',
  ]);
  expect(listVariableValues(environment)).toEqual(['v']);
});
