/** Returns the name that `text` most likely means: at most two slips away, or a third of its length; else undefined. */
export function findNearest(text: string, names: Iterable<string>): string | undefined {
  let best: { name: string; distance: number } | undefined;
  for (const name of names) {
    const distance = editDistance(text.toLowerCase(), name.toLowerCase());
    if (best === undefined || distance < best.distance) best = { name, distance };
  }
  return best !== undefined && best.distance <= Math.max(2, Math.floor(text.length / 3)) ? best.name : undefined;
}

/** Returns `; did you mean "x"?` for a near name, else the list of all names, as the end of a sentence. */
export function suggestName(text: string, names: readonly string[]): string {
  const nearest = findNearest(text, names);
  if (nearest !== undefined) return `; did you mean ${JSON.stringify(nearest)}?`;
  return names.length === 0 ? '' : `; there are ${names.join(', ')}`;
}

/** Levenshtein's distance: insertions, deletions and replacements of one character. */
function editDistance(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (one[row - 1] === other[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}
