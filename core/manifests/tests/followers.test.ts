import { expect, test } from '@jest/globals';
import { openFollowers } from '#core/manifests/applications-of.ts';
import { parseCommitSha } from '#core/values/reference.ts';

const HEAD = parseCommitSha('head', 'a'.repeat(40));

const SET = `
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {name: platform}
spec:
  template:
    metadata: {name: '{{name}}'}
    spec: {source: {path: 'overlays/{{name}}'}}
`;

const application = (name: string, path: string): string => `
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: ${name}}
spec: {source: {path: ${path}}}
`;

/** Finds who follows an overlay among files, which git lists by name. */
async function find(files: Readonly<Record<string, string>>, overlay: string): Promise<string | undefined> {
  const names = Object.keys(files).sort();
  const follower = await openFollowers(
    {
      grep: async () => names,
      findObjects: async (paths) => paths.map((path) => path.split(':')[1]),
      findTexts: async (oids) => oids.map((oid) => files[oid]),
    },
    HEAD,
  );
  const found = follower(overlay);
  return found && `${found.object.kind} ${found.object.name}`;
}

const TENANT = { 'b.yaml': application('tenant', 'overlays/production') };

test('the Application that names the overlay, though an ApplicationSet that may follow it comes before', async () => {
  expect(await find({ 'a.yaml': SET, ...TENANT }, 'overlays/production')).toBe('Application tenant');
});

test('both in one file', async () => {
  const both = `${SET}---${application('tenant', 'overlays/production')}`;
  expect(await find({ 'a.yaml': both }, 'overlays/production')).toBe('Application tenant');
});

test('an ApplicationSet where no Application names it; nothing where none may', async () => {
  expect(await find({ 'a.yaml': SET, ...TENANT }, 'overlays/staging')).toBe('ApplicationSet platform');
  expect(await find(TENANT, 'overlays/staging')).toBeUndefined();
});

test('an Application of a chart, whose name is not known here, is in doubt as well', async () => {
  const chart = application("'{{ .Values.name }}'", "'overlays/{{ .Values.name }}'");
  expect(await find({ 'a.yaml': SET, 'charts/t.yaml': chart }, 'overlays/staging')).toBe('ApplicationSet platform');
});
