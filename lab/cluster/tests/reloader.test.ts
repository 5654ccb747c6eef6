import { createHash } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { findReloads } from '#lab/cluster/reloader.ts';

const ANNOTATION = 'secret.reloader.stakater.com/reload';
const deployment = (annotations: Record<string, string>, env: object[] = []) => ({
  metadata: { name: 'discord-bot', namespace: 'n', annotations },
  spec: { template: { spec: { containers: [{ name: 'bot', env }, { name: 'second' }] } } },
});
const secret = (namespace: string, word: string) => ({
  metadata: { name: 'discord-bot-secrets', namespace },
  data: { B: Buffer.from(word).toString('base64'), A: Buffer.from('a').toString('base64') },
});
const annotated = { [ANNOTATION]: 'other, discord-bot-secrets' };
// crypto.GenerateSHA and util.GetSHAfromSecret of Reloader 1.4.21
const hash = createHash('sha1').update('A=a;B=word').digest('hex');
const variable = { name: 'STAKATER_DISCORD_BOT_SECRETS_SECRET', value: hash };

test('a secret whose hash is not in the pod template is put into the first container', () => {
  const patch = { spec: { template: { spec: { containers: [{ name: 'bot', env: [variable] }] } } } };
  for (const env of [[], [{ ...variable, value: 'old' }]])
    expect(findReloads({ deployments: [deployment(annotated, env)], secrets: [secret('n', 'word')] })).toEqual([
      { namespace: 'n', deployment: 'discord-bot', patch },
    ]);
});

test.each([
  ['its hash is there', deployment(annotated, [variable]), secret('n', 'word')],
  ['the deployment does not ask for it', deployment({}), secret('n', 'word')],
  ["it is another namespace's", deployment(annotated), secret('m', 'word')],
])('nothing is patched where %s', (_why, one, of) => {
  expect(findReloads({ deployments: [one], secrets: [of] })).toEqual([]);
});
