import { parse } from 'yaml';
import { Refusal } from '#core/errors.ts';

const FILE_NAMES = ['kustomization.yaml', 'kustomization.yml', 'Kustomization'] as const;

/** Returns which of a folder's files is its kustomization; refuses none and, as kustomize does, more than one. */
export function findKustomizationFile(names: readonly string[], folder: string): string {
  const found = FILE_NAMES.filter((name) => names.includes(name));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  if (only === undefined)
    throw new Refusal(`${folder} has no kustomization.yaml: add one, or correct the overlay in slipway.yaml`);
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

/**
 * Returns the local paths that a kustomization refers to, as they are written. URLs and inline YAML are no paths. What
 * cannot be read gives an empty list: kustomize itself then says what is wrong.
 */
export function listReferences(text: string): string[] {
  const root = readMapping(text);
  const plain = PATH_LISTS.flatMap((field) => listOf(root[field]));
  const paths = [
    ...plain,
    ...['patches', 'patchesJson6902', 'replacements'].flatMap((field) =>
      mappingsOf(root[field]).map((item) => item['path']),
    ),
    ...['configMapGenerator', 'secretGenerator'].flatMap((field) => mappingsOf(root[field]).flatMap(generatorSources)),
    ...mappingsOf(root['helmCharts']).flatMap((chart) => [
      chart['valuesFile'],
      ...listOf(chart['additionalValuesFiles']),
    ]),
    isMapping(root['openapi']) ? root['openapi']['path'] : undefined,
  ];
  return paths.filter((path): path is string => typeof path === 'string' && isLocalPath(path));
}

/** Files may be given as `key=path`; env files never are. */
function generatorSources(generator: Record<string, unknown>): unknown[] {
  const files = listOf(generator['files']).map((file) =>
    typeof file === 'string' ? file.slice(file.indexOf('=') + 1) : undefined,
  );
  return [...files, ...listOf(generator['envs']), generator['env']];
}

function isLocalPath(text: string): boolean {
  return (
    text !== '' &&
    !text.includes('\n') &&
    !/^[a-z][a-z0-9+.-]*:\/\//i.test(text) &&
    !/^[^/]+@[^/]+:/.test(text) &&
    !text.includes('?ref=')
  );
}

function readMapping(text: string): Record<string, unknown> {
  try {
    const root: unknown = parse(text, { merge: true, maxAliasCount: 1_000, logLevel: 'silent' });
    return isMapping(root) ? root : {};
  } catch {
    return {};
  }
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function mappingsOf(value: unknown): Record<string, unknown>[] {
  return listOf(value).filter(isMapping);
}
