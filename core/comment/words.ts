import { showCount } from '#core/values/markdown.ts';

/**
 * What a section of the comment holds, in the order of the risk: the kinds of a plan's changes, what is beside them, and
 * what happens to objects in the cluster (`removal`, `restart`, `change`, `addition`, `application`) and to images.
 */
export const SECTIONS = [
  'error',
  'check',
  'image-error',
  'unknown',
  'destroy',
  'removal',
  'replace',
  'image-removal',
  'image-build',
  'image-change',
  'image-found',
  'forget',
  'restart',
  'update',
  'change',
  'application',
  'action',
  'create',
  'addition',
  'move',
  'import',
  'output',
  'gone',
  'drift',
  'deferred',
  'read',
] as const;
/** One of {@link SECTIONS}. */
export type SectionKind = (typeof SECTIONS)[number];

/** The heading of a section, and what one and many of its entries are called. */
export const WORDS: Readonly<Record<SectionKind, { title: string; one: string; many: string }>> = {
  error: { title: 'Errors', one: 'error', many: 'errors' },
  check: { title: 'Failed checks', one: 'failed check', many: 'failed checks' },
  'image-error': { title: 'Cannot be built', one: 'image that cannot be built', many: 'images that cannot be built' },
  unknown: { title: 'Unknown actions', one: 'unknown action', many: 'unknown actions' },
  destroy: { title: 'Destroy', one: 'destroy', many: 'destroys' },
  removal: { title: 'Removed from the cluster', one: 'removed object', many: 'removed objects' },
  replace: { title: 'Replace', one: 'replacement', many: 'replacements' },
  'image-removal': { title: 'No longer built', one: 'removed image', many: 'removed images' },
  'image-build': { title: 'Will be built', one: 'image to build', many: 'images to build' },
  'image-change': { title: 'Built, unless the registry has them', one: 'changed image', many: 'changed images' },
  'image-found': { title: 'Found in the registry', one: 'image found', many: 'images found' },
  forget: { title: 'Forget', one: 'forget', many: 'forgets' },
  restart: { title: 'Pods are replaced', one: 'restart', many: 'restarts' },
  update: { title: 'Update', one: 'update', many: 'updates' },
  change: { title: 'Changed objects', one: 'changed object', many: 'changed objects' },
  application: { title: 'Argo CD', one: 'change of an Application', many: 'changes of Applications' },
  action: { title: 'Run actions', one: 'action', many: 'actions' },
  create: { title: 'Create', one: 'create', many: 'creates' },
  addition: { title: 'New objects', one: 'new object', many: 'new objects' },
  move: { title: 'Move', one: 'move', many: 'moves' },
  import: { title: 'Import', one: 'import', many: 'imports' },
  output: { title: 'Outputs', one: 'output', many: 'outputs' },
  gone: {
    title: 'Approved, and no longer planned',
    one: 'change that is no longer planned',
    many: 'changes that are no longer planned',
  },
  drift: {
    title: 'Changed outside of Terraform',
    one: 'change outside of Terraform',
    many: 'changes outside of Terraform',
  },
  deferred: { title: 'Left to a later plan', one: 'deferred change', many: 'deferred changes' },
  read: { title: 'Read during apply', one: 'read', many: 'reads' },
};

/** Returns `1 update`, `12 creates`. */
export function countWord(kind: SectionKind, count: number): string {
  return `${showCount(count)} ${count === 1 ? WORDS[kind].one : WORDS[kind].many}`;
}
