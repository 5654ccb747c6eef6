import { posix } from 'node:path';

/** What Terraform and OpenTofu read by name, besides variables. */
export const CODE = /\.(tf|tofu)(\.json)?$/;

/**
 * Returns the places that a file's code names by a relative path: sources of modules, and what `file`, `templatefile`
 * and the like read. Of a path that is put together while it runs, the folders that are written out count:
 * `"../policies/${name}.json"` names `../policies`.
 */
export function listNamedPaths(folder: string, text: string): string[] {
  const found = text.matchAll(/"(?:\$\{path\.(?:module|root|cwd)\}\/)?(\.\.?\/[^"$*]*)([$*]?)/g);
  return [...found].map(([, path = '', more]) => resolvePath(folder, more === '' ? path : path.replace(/[^/]*$/, '')));
}

/** Returns where a relative path of a folder leads, in the repository. */
export function resolvePath(folder: string, path: string): string {
  return posix.normalize(posix.join(folder, path)).replace(/(?<=.)\/$/, '');
}

/** Returns true for a place of the repository itself. */
export function isInside(place: string): boolean {
  return place !== '..' && !place.startsWith('../') && !posix.isAbsolute(place);
}
