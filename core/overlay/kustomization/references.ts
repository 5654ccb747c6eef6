import { posix } from 'node:path';
import { parse } from 'yaml';
import { Refusal } from '#core/values/errors.ts';

/** The names under which kustomize looks for a kustomization. */
export const FILE_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** Returns which of a folder's files is its kustomization; refuses none and, as kustomize does, more than one. */
export function findKustomizationFile(names: readonly string[], folder: string): string {
  const found = FILE_NAMES.filter((name) => names.includes(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined) {
    throw new Refusal(`${folder} has no kustomization.yaml: add one, or correct the overlay in slipway.yaml`);
  }
  throw new Refusal(`${folder} has ${found.join(' and ')}: keep one of them`);
}

/** Lists of paths, by the fields of kustomize's Kustomization type (v1beta1). */
const PATH_LISTS = [
  'resources',
  'bases',
  'components',
  'crds',
  'configurations',
  'generators',
  'transformers',
  'validators',
  'patchesStrategicMerge',
];

/** Where one of {@link PATH_LISTS} may hold the YAML itself in place of a path. */
const PLUGIN_LISTS = ['generators', 'transformers', 'validators'];

/**
 * Returns the local paths that a kustomization refers to, as they are written, each once. URLs and inline YAML are no
 * paths. What cannot be read gives an empty list: kustomize itself then says what is wrong.
 */
export function listReferences(text: string): string[] {
  return collectReferences(text).filter((reference) => !isRemote(reference));
}

/**
 * Returns the paths in the repository that the kustomization of `folder` refers to; what points out of the repository is
 * left to kustomize.
 */
export function resolveReferences(text: string, folder: string): string[] {
  return listReferences(text)
    .map((reference) => posix.join(folder, reference).replace(/\/$/, ''))
    .filter((path) => path !== '.' && path !== '..' && !path.startsWith('../') && !posix.isAbsolute(path));
}

function collectReferences(text: string): string[] {
  const root = readMapping(text);
  const charts = mappingsOf(root['helmcharts']);
  const oldCharts = mappingsOf(root['helmchartinflationgenerator']);
  const globals = mappingOf(root['helmglobals']);
  return unique([
    ...PATH_LISTS.flatMap((field) => listOf(root[field.toLowerCase()])).filter((item) => !isInline(item)),
    ...PLUGIN_LISTS.flatMap((field) => listOf(root[field]))
      .filter(isInline)
      .flatMap((item) => pluginPaths(String(item))),
    ...['patches', 'patchesjson6902', 'replacements'].flatMap((field) =>
      mappingsOf(root[field]).map((item) => item['path']),
    ),
    ...['configmapgenerator', 'secretgenerator'].flatMap((field) => mappingsOf(root[field]).flatMap(generatorSources)),
    ...charts.flatMap((chart) => [chart['valuesfile'], ...listOf(chart['additionalvaluesfiles'])]),
    ...oldCharts.flatMap((chart) => [chart['values'], chart['charthome']]),
    charts.length > 0 || globals['charthome'] !== undefined ? (globals['charthome'] ?? 'charts') : undefined,
    mappingOf(root['openapi'])['path'],
  ]);
}

/** Fields of the built-in plugins' configurations, of whatever kind: most have a few of these only. */
function pluginPaths(text: string): unknown[] {
  const root = readMapping(text);
  return [
    ...[root['path'], root['valuesfile'], root['charthome'], ...listOf(root['additionalvaluesfiles'])],
    ...listOf(root['paths']),
    ...mappingsOf(root['replacements']).map((item) => item['path']),
    ...generatorSources(root),
  ].filter((item) => !isInline(item));
}

/** Files may be given as `key=path`; env files never are. */
function generatorSources(generator: Fields): unknown[] {
  const files = listOf(generator['files']).map((file) =>
    typeof file === 'string' ? file.slice(file.indexOf('=') + 1) : undefined,
  );
  return [...files, ...listOf(generator['envs']), generator['env']];
}

function unique(references: readonly unknown[]): string[] {
  return [...new Set(references.filter((item): item is string => typeof item === 'string' && item !== ''))];
}

/** YAML where a path could be: several lines, or a flow mapping or list. */
function isInline(item: unknown): boolean {
  return typeof item === 'string' && (/\n/.test(item.trim()) || /^\s*[{[]/.test(item) || /^\w+: /.test(item));
}

/** As kustomize tells them: a scheme, user@host:path, github.com without one, or a query for git. */
function isRemote(reference: string): boolean {
  return (
    /^(git::)?[a-z][a-z0-9+.-]*:\/\//i.test(reference) ||
    /^(git::)?[^/:]+@[^/:]+:/.test(reference) ||
    /^(git::)?github\.com[:/]/i.test(reference) ||
    /\?(ref|version|timeout|submodules)=/.test(reference)
  );
}

/** Keys in lower case: kustomize's decoder does not look at case. */
type Fields = Readonly<Record<string, unknown>>;

function readMapping(text: string): Fields {
  try {
    const root: unknown = parse(text, { merge: true, uniqueKeys: false, maxAliasCount: 1_000, logLevel: 'silent' });
    return mappingOf(root);
  } catch {
    return {};
  }
}

function mappingOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key.toLowerCase(), item]));
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function mappingsOf(value: unknown): Fields[] {
  return listOf(value).map(mappingOf);
}
