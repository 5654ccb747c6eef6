import type { WrittenConfig } from '#core/config/config.ts';
import type { Path } from '#core/config/document.ts';
import { checkStackOrder } from '#core/config/stack-order.ts';
import { findHostFault, isDockerHub } from '#core/registry/host.ts';
import { parseImageName } from '#core/registry/image-name.ts';
import { LONGEST_PATH } from '#core/registry/image-reference.ts';
import { InputError, quote } from '#core/values/errors.ts';
import { findNearest, suggestName } from '#core/values/suggest.ts';

/** A fault whose line is still to be found: the value's path and what is wrong with it. */
export interface PlacedFault {
  readonly path: Path;
  readonly sentence: string;
}

/** What is asked about the repository that slipway.yaml is in. */
export interface Repository {
  /** True for a file or folder of the repository at the commit that the file was read from. */
  readonly pathExists: (path: string) => boolean;
  /** Returns the git submodule that a path is in, where it is in one. */
  readonly submoduleOf?: (path: string) => string | undefined;
}

type WrittenImage = WrittenConfig['images'][string];
type WrittenEnvironment = WrittenConfig['environments'][string];

/** Returns what no schema can say: a path does not exist, a name refers to nothing, two keys contradict each other. */
export function checkMeaning(written: WrittenConfig, repository: Repository): PlacedFault[] {
  return [
    ...checkPaths(written, repository),
    ...checkRegistry(written.registry),
    ...Object.keys(written.images).flatMap((name) => checkRepository(name, written.registry)),
    ...Object.entries(written.images).flatMap(([name, image]) => checkImage(name, image)),
    ...checkNames(written),
    ...checkEnvironments(written),
    ...checkStackOrder(written.terraform?.stacks ?? {}),
  ];
}

function checkRegistry(registry: WrittenConfig['registry']): PlacedFault[] {
  if (registry.type !== 'oci') return [];
  return (['host', 'token-server'] as const).flatMap((key) => {
    const host = registry[key];
    const fault = host === undefined ? undefined : findHostFault(host);
    return fault === undefined ? [] : [{ path: ['registry', key], sentence: `${quote(host ?? '')} ${fault}` }];
  });
}

/** What the registry's own rules ask of an image's name beyond the form of all repositories. */
function checkRepository(name: string, registry: WrittenConfig['registry']): PlacedFault[] {
  const faults: string[] = [];
  if (name.length > LONGEST_PATH)
    faults.push(`has ${name.length} characters: a repository has ${LONGEST_PATH} at most`);
  if (registry.type === 'ecr' && /__|--/.test(name))
    faults.push('is not a name that ECR takes: join its parts by one dot, dash or underscore');
  if (registry.type === 'oci' && isDockerHub(registry.host) && !name.includes('/'))
    faults.push(`is a name for Docker's own images on Docker Hub: put your account before it, ACCOUNT/${name}`);
  return faults.map((fault) => ({ path: ['images', name], sentence: `${quote(name)} ${fault}` }));
}

function checkPaths(written: WrittenConfig, { pathExists, submoduleOf }: Repository): PlacedFault[] {
  const missing = namedPaths(written).filter((named) => !pathExists(named.path));
  return missing.map(({ path, at }) => {
    const submodule = submoduleOf?.(path);
    const sentence =
      submodule === undefined
        ? `${quote(path)} does not exist in the repository: create it or correct the path`
        : `${quote(path)} is in the git submodule ${submodule}, which no commit here can change or build from: put it into this repository`;
    return { path: at, sentence };
  });
}

function checkImage(name: string, { inputs, dependencies, base, variables }: WrittenImage): PlacedFault[] {
  const outside = dependencies.flatMap((path, index) =>
    inputs.some((input) => isWithin(path, input))
      ? []
      : [
          {
            path: ['images', name, 'dependencies', String(index)],
            sentence: `${quote(path)} is not within the inputs: add it there or take it out here`,
          },
        ],
  );
  const faults = base === undefined ? [] : checkBase(base, variables['base_image']);
  return [...faults.map((sentence) => ({ path: ['images', name, 'base'], sentence })), ...outside];
}

function checkBase(base: string, variable: string | undefined): string[] {
  const twice = `${quote(base)} and variables.base_image both name the base image: keep base and take the variable out`;
  const reason = findReferenceFault(base);
  return [...(variable === undefined ? [] : [twice]), ...(reason === undefined ? [] : [`${quote(base)} ${reason}`])];
}

function findReferenceFault(text: string): string | undefined {
  try {
    parseImageName('base', text);
    return undefined;
  } catch (error) {
    if (error instanceof InputError) return error.expected;
    throw error;
  }
}

/** An entry of an overlay belongs to one image, or no one could say which build it is to run. */
function checkNames({ images }: WrittenConfig): PlacedFault[] {
  const owners = new Map<string, string>();
  return Object.entries(images).flatMap(([image, { names }]) =>
    (names ?? [image]).flatMap((name, index): PlacedFault[] => {
      const owner = owners.get(name);
      owners.set(name, owner ?? image);
      if (owner === undefined) return [];
      const path = names === undefined ? ['images', image] : ['images', image, 'names', String(index)];
      const sentence =
        owner === image
          ? `${quote(name)} is there twice: keep one`
          : `${quote(name)} is a name of ${owner} already: an entry with it could only follow one of them`;
      return [{ path, sentence }];
    }),
  );
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/$/, '')}/`);
}

function checkEnvironments(written: WrittenConfig): PlacedFault[] {
  const owners = new Map<string, string>();
  return Object.entries(written.environments).flatMap(([name, environment]) => {
    const owner = owners.get(normalizePath(environment.overlay));
    owners.set(normalizePath(environment.overlay), name);
    const sentence = `${quote(environment.overlay)} is the overlay of ${owner} already: give each environment its own`;
    const shared = owner === undefined ? [] : [{ path: ['environments', name, 'overlay'], sentence }];
    const freezes = environment.freezes.flatMap((freeze, index) =>
      checkFreeze(freeze, ['environments', name, 'freezes', String(index)]),
    );
    return [
      ...shared,
      ...checkPromotion(written, name, environment),
      ...checkVerdict(name, environment),
      ...checkMerge(name, environment),
      ...freezes,
    ];
  });
}

function checkPromotion(written: WrittenConfig, name: string, { deploys, from }: WrittenEnvironment): PlacedFault[] {
  const path = ['environments', name];
  if (from === undefined) {
    const sentence = 'deploys on promotion, but from where? Add from: and the environment before it';
    return deploys === 'on-promotion' ? [{ path, sentence }] : [];
  }
  const names = Object.keys(written.environments);
  const faults: string[] = [];
  if (!names.includes(from)) faults.push(`${quote(from)} is not an environment${suggestName(from, names)}`);
  if (leadsToItself(written, name)) faults.push(`${quote(from)} leads back to ${name}: a promotion needs a beginning`);
  return faults.map((sentence) => ({ path: [...path, 'from'], sentence }));
}

function checkVerdict(name: string, { verdict, from }: WrittenEnvironment): PlacedFault[] {
  if (verdict === 'when-written' || from !== undefined) return [];
  const sentence =
    'asks of promotions, and there are none: add from: and the environment before it, or take verdict out';
  return [{ path: ['environments', name, 'verdict'], sentence }];
}

function checkMerge(name: string, environment: WrittenEnvironment): PlacedFault[] {
  if (!environment['auto-merge'] || environment.via === 'pull-request') return [];
  const sentence = 'merges pull requests, and there are none: add via: pull-request, or take auto-merge out';
  return [{ path: ['environments', name, 'auto-merge'], sentence }];
}

function checkFreeze(freeze: WrittenEnvironment['freezes'][number], path: Path): PlacedFault[] {
  const place = (sentences: readonly string[], ...keys: readonly string[]): PlacedFault[] =>
    sentences.map((sentence) => ({ path: [...path, ...keys], sentence }));
  const zone = place(checkZone(freeze.zone), 'zone');
  if ('weekly' in freeze) return [...zone, ...place(checkOrder(freeze.weekly), 'weekly', 'to')];
  const days = (['from', 'to'] as const).flatMap((key) => place(checkDay(freeze[key]), key));
  return [...zone, ...days, ...place([...checkOrder(freeze), ...checkDates(freeze)], 'to')];
}

function checkZone(zone: string): string[] {
  const isOffset = !/^[A-Za-z]/.test(zone);
  if (!isOffset && isKnownZone(zone)) return [];
  const nearest = isOffset ? undefined : findNearest(zone, Intl.supportedValuesOf('timeZone'));
  const remedy =
    nearest === undefined ? ': write one such as America/Toronto or UTC' : `; did you mean ${quote(nearest)}?`;
  return [`${quote(zone)} is not the IANA name of a time zone${remedy}`];
}

function isKnownZone(zone: string): boolean {
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone });
    return true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function checkDay(text: string): string[] {
  const day = text.slice(0, 10);
  const isDay = new Date(`${day}T00:00:00Z`).toISOString().startsWith(day); // 30 February becomes 2 March
  return isDay ? [] : [`${quote(text)} is not in the calendar: correct the date`];
}

function checkOrder({ from, to }: { readonly from: string; readonly to: string }): string[] {
  return from === to ? [`${quote(to)} is where it begins as well: give it another end`] : [];
}

/** Both have one form, so their order as texts is their order in time. */
function checkDates({ from, to }: { readonly from: string; readonly to: string }): string[] {
  return to < from ? [`${quote(to)} is before ${quote(from)}, where it begins: correct one`] : [];
}

function leadsToItself(written: WrittenConfig, name: string): boolean {
  const seen = new Set<string>();
  let next = written.environments[name]?.from;
  while (next !== undefined && !seen.has(next)) {
    if (next === name) return true;
    seen.add(next);
    next = written.environments[next]?.from;
  }
  return false;
}

/** Returns every path of the repository that slipway.yaml names, in one form, and where it names it. */
export function namedPaths(written: WrittenConfig): { path: string; at: Path }[] {
  const images = Object.entries(written.images).flatMap(([name, image]) => [
    { path: image.template, at: ['images', name, 'template'] },
    ...image.inputs.map((path, index) => ({ path, at: ['images', name, 'inputs', String(index)] })),
    ...image.dependencies.map((path, index) => ({ path, at: ['images', name, 'dependencies', String(index)] })),
  ]);
  const overlays = Object.entries(written.environments).map(([name, environment]) => ({
    path: environment.overlay,
    at: ['environments', name, 'overlay'],
  }));
  const stacks = Object.entries(written.terraform?.stacks ?? {}).map(([name, { folder }]) => ({
    path: folder,
    at: ['terraform', 'stacks', name, 'folder'],
  }));
  return [...images, ...overlays, ...stacks].map((named) => ({ ...named, path: normalizePath(named.path) }));
}

/** Returns a path without `./` before and slashes behind it. */
export function normalizePath(path: string): string {
  return path.replace(/^(\.\/)+/, '').replace(/\/+$/, '');
}
