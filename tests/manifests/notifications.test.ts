import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { z } from 'zod';
import { readArgoObjects } from '#lab/environments.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

const entry = z.strictObject({ description: z.string(), when: z.string(), send: z.array(z.string()) });
const template = z.looseObject({
  message: z.string().optional(),
  github: z
    .strictObject({
      revisionPath: z.string(),
      status: z.strictObject({ state: z.string(), label: z.string(), targetURL: z.string() }),
    })
    .optional(),
  webhook: z.record(z.string(), z.strictObject({ method: z.literal('POST'), body: z.string() })).optional(),
});

const text = readFileSync(join(repositoryRoot, 'argocd/platform/notifications.yaml'), 'utf8');
const { data } = z.looseObject({ data: z.record(z.string(), z.string()) }).parse(parse(text));
const read = <T>(key: string, shape: z.ZodType<T>): T => shape.parse(parse(data[key] ?? ''));
const statuses = read('trigger.slipway', z.array(entry));
const people = read('trigger.people', z.array(entry));
const templates = new Map(
  Object.keys(data)
    .filter((key) => key.startsWith('template.'))
    .map((key) => [key.slice('template.'.length), read(key, template)]),
);

describe('what Argo CD writes on commits', () => {
  // a strict shape: with oncePer, a message that failed once is never sent again
  test.each(statuses.map(({ description, when }) => [description, when]))(
    '%s: 40 digits of a commit or nothing',
    (_, when) => {
      expect(when).toContain("matches '^[0-9a-f]{40}$'");
    },
  );

  test('each entry has a line for a program and one status, and every template is used', () => {
    for (const { send } of statuses) {
      const used = send.map((name) => templates.get(name));
      expect(used.map((one) => [one?.message !== undefined, one?.github !== undefined])).toEqual([
        [true, false],
        [false, true],
      ]);
    }
    const used = new Set([...statuses, ...people].flatMap(({ send }) => send));
    expect([...templates.keys()].filter((name) => !used.has(name))).toEqual([]);
  });

  test('only what is proven is a success of the Application', () => {
    const green = statuses.filter(({ send }) => send.includes('running'));
    expect(green).toHaveLength(2);
    for (const { when } of green) {
      expect(when).toContain("op?.phase == 'Succeeded'");
      expect(when).toContain("app.status.sync.status == 'Synced'");
      expect(when).toContain("app.status.health.status == 'Healthy'");
      expect(when).toContain('# in (app.status.summary.images ?? [])');
      expect(when).toContain('any(applied, len(.images ?? []) > 0)');
    }
  });

  test('every Application that deploys an overlay subscribes', () => {
    const shape = z.looseObject({
      kind: z.string(),
      metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).optional() }),
    });
    const applications = readArgoObjects(repositoryRoot)
      .map((object) => shape.parse(object))
      .filter(({ kind }) => kind === 'Application');
    expect(applications.length).toBeGreaterThan(0);
    for (const { metadata } of applications)
      expect(metadata.annotations).toHaveProperty(['notifications.argoproj.io/subscribe.slipway.github'], '');
  });
});

describe('what people are told', () => {
  test('is what is written on commits, by the same conditions, to Discord and to Slack', () => {
    const conditions = new Map(statuses.map(({ description, when }) => [description, when]));
    for (const { description, when, send } of people) {
      expect(when).toBe(conditions.get(description));
      for (const name of send)
        expect(Object.keys(templates.get(name)?.webhook ?? {}).sort()).toEqual(['discord', 'slack']);
    }
  });

  test('is off until someone switches it on, and pings nobody', () => {
    expect(parse(data['subscriptions'] ?? '')).toEqual([{ recipients: [], triggers: ['people'] }]);
    for (const { webhook } of templates.values()) {
      if (webhook === undefined) continue;
      expect(webhook['discord']?.body).toContain('"allowed_mentions": {"parse": []}');
    }
  });
});
