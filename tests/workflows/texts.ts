/**
 * Returns every text in a value, keys as well. GitHub reads the whole value of `if` as an expression, so it is returned
 * as one.
 */
export function listTexts(value: unknown, key = ''): string[] {
  if (typeof value === 'string') return [key === 'if' && !value.includes('${{') ? `\${{ ${value} }}` : value];
  if (Array.isArray(value)) return value.flatMap((item) => listTexts(item));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, child]) => [name, ...listTexts(child, name)]);
}
