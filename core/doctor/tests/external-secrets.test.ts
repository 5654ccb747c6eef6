import { expect, test } from '@jest/globals';
import { diagnose } from '#core/doctor/diagnose.ts';
import { type ClusterFacts, type Facts, or } from '#core/doctor/facts.ts';
import { gatherFacts } from '#core/doctor/gather.ts';
import { codesOf, readFacts, withCluster } from './worlds.ts';

const STORES: ClusterFacts['secretStores'] = {
  value: ['others', 'parameters'].map((name) => ({
    metadata: { name, ownerReferences: [] },
    spec: { provider: { aws: { prefix: name === 'others' ? '/others/' : '/discord-bot/', region: 'ca-central-1' } } },
  })),
};
const metadata = { name: 'from-parameters', ownerReferences: [] };

/** An ExternalSecret that cannot read its parameter, as External Secrets writes it. */
function failing(target: string, kind = 'SecretStore') {
  const message = 'could not get secret data from provider';
  const conditions = [{ type: 'Ready', status: 'False', reason: 'SecretSyncedError', message }];
  return {
    metadata,
    spec: { secretStoreRef: { kind, name: 'parameters' }, target: { name: target } },
    status: { conditions },
  };
}

/** Returns facts with one, and with its event. */
function withExternalSecret(facts: Facts, external: ReturnType<typeof failing>, secretStores = STORES): Facts {
  const event = {
    type: 'Warning',
    reason: 'UpdateFailed',
    message: 'error processing spec.data[0] (key: discord_token), err: Secret does not exist',
    involvedObject: { kind: 'ExternalSecret', name: metadata.name },
  };
  return withCluster(facts, { externalSecrets: { value: [external] }, secretStores, events: { value: [event] } });
}

test('the root is named, and what follows from it is not', () => {
  const expired = readFacts('pull-secret-expired');
  expect(codesOf(withExternalSecret(expired, failing('expired')))).toEqual(['external-secret-failing']);
  const another = withExternalSecret(expired, failing('another'));
  expect(codesOf(another)).toEqual(['external-secret-failing', 'pull-denied']);
});

test('the parameter that External Secrets misses is named in full, and asked for where it should be', () => {
  const gone = withExternalSecret(readFacts('secret-gone'), failing('discord-bot-secrets'));
  const [cause, ...others] = diagnose(gone).causes;
  expect(others).toEqual([]);
  expect(cause?.said).toBe(
    'the parameter /discord-bot/discord_token is missing, so the Secret discord-bot-secrets is not written',
  );
  expect(cause?.next).toBe(
    'aws ssm get-parameters --names /discord-bot/discord_token --region ca-central-1 --query InvalidParameters',
  );
});

test.each<[string, ClusterFacts['secretStores'], string]>([
  ['is not there', { value: [] }, 'SecretStore'],
  ['may not be read', { unknown: 'Error from server (Forbidden): secretstores is forbidden' }, 'SecretStore'],
  ["is the cluster's, and one of the namespace has its name", STORES, 'ClusterSecretStore'],
])('where its store %s, no half of a name is asked for', (_name, stores, kind) => {
  const gone = withExternalSecret(readFacts('secret-gone'), failing('discord-bot-secrets', kind), stores);
  const [cause] = diagnose(gone).causes;
  expect(cause?.said).toBe('the Secret discord-bot-secrets is not written: External Secrets cannot read its source');
  expect(cause?.next).toBe('kubectl -n secret-gone describe externalsecret from-parameters');
});

test('stores are asked for where an ExternalSecret fails, and nowhere else', async () => {
  const store = { metadata: { name: 'parameters' }, spec: { provider: { aws: { prefix: '/discord-bot/' } } } };
  const ask = async (external: object) => {
    const asked: string[] = [];
    const cluster = {
      get: async (path: string) => {
        asked.push(path);
        if (path.endsWith('/externalsecrets')) return { value: { items: [external] } };
        return { value: path.endsWith('/secretstores') ? { items: [store] } : null };
      },
      secretNames: async () => ({ value: [] }),
      lastLines: async () => ({ value: [] }),
      ask: async () => ({ unknown: 'nobody listens' }),
    };
    const ports = {
      cluster,
      checkPull: async () => ({ value: null }),
      newestRun: null,
      clock: { sleep: async () => {} },
    };
    const facts = await gatherFacts('staging', readFacts('staging').git, ports);
    const found = 'value' in facts.cluster ? or(facts.cluster.value.secretStores, []) : [];
    return {
      prefixes: found.map(({ spec }) => spec.provider.aws?.prefix),
      isAsked: asked.some((path) => /stores$/.test(path)),
    };
  };
  expect(await ask(failing('discord-bot-secrets'))).toEqual({ prefixes: ['/discord-bot/'], isAsked: true });
  const well = { ...failing('discord-bot-secrets'), status: { conditions: [{ type: 'Ready', status: 'True' }] } };
  expect(await ask(well)).toEqual({ prefixes: [], isAsked: false });
});
