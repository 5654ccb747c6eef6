import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { repositoryRoot } from '#lab/supervisor/root.ts';
import { PLATFORM_ACCOUNTS } from '#lab/walls/platform-accounts.ts';

test.each(PLATFORM_ACCOUNTS.map((account) => [account.chart, account] as const))(
  'the rights of %s were read from the chart of this version, with these values',
  (chart, account) => {
    const { source, destination } = parse(
      readFileSync(join(repositoryRoot, `argocd/platform/${chart}.yaml`), 'utf8'),
    ).spec;
    const { version, values, namespace } = account;
    expect([source.chart, source.targetRevision, source.helm.valuesObject]).toEqual([chart, version, values]);
    expect(destination.namespace).toBe(namespace);
  },
);
