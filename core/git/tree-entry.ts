/** One entry of a git tree: its id covers every byte and mode below it. `path` is relative to the repository. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly oid: string;
  readonly path: string;
}

/** Returns the entries of `git ls-tree -z`: `<mode> <type> <oid>\t<path>`, each ended by NUL. */
export function parseLsTree(output: Buffer): TreeEntry[] {
  const lines = output.toString('utf8').split('\0').filter(Boolean);
  return lines.map((line) => {
    const tab = line.indexOf('\t');
    const [mode = '', type = '', oid = ''] = line.slice(0, tab).split(' ');
    return { mode, type: type as TreeEntry['type'], oid, path: line.slice(tab + 1) }; // git knows these three types only
  });
}
