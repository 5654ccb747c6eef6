/** One entry of a git tree: its id covers every byte and mode below it. `path` is relative to the repository. */
export interface TreeEntry {
  readonly mode: string;
  readonly type: 'blob' | 'tree' | 'commit';
  readonly oid: string;
  readonly path: string;
}

/** Returns the entries of a tree object: `<mode> <name>\0<20 bytes of oid>`, one behind the other. Names, not paths. */
export function parseTreeObject(bytes: Buffer): TreeEntry[] {
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const zero = bytes.indexOf(0, at);
    const [mode = '', ...name] = bytes.toString('utf8', at, zero).split(' ');
    const oid = bytes.toString('hex', zero + 1, zero + 21);
    entries.push({ mode: mode.padStart(6, '0'), type: typeOfMode(mode), oid, path: name.join(' ') });
    at = zero + 21;
  }
  return entries;
}

function typeOfMode(mode: string): TreeEntry['type'] {
  if (mode === '40000') return 'tree';
  return mode === '160000' ? 'commit' : 'blob';
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
