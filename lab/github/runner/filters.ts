/**
 * Returns whether `text` matches a filter pattern of a workflow: `*` anything but a slash, `**` anything, `?` zero or
 * one of the preceding character, `+` one or more of it, `[]` one of a set.
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#filter-pattern-cheat-sheet
 */
export function matchesPattern(pattern: string, text: string): boolean {
  let expression = '';
  for (let index = 0; index < pattern.length; index++) {
    const char = pattern[index] ?? '';
    if (pattern.startsWith('**', index)) {
      const folder = pattern[index + 2] === '/' && (index === 0 || pattern[index - 1] === '/');
      expression += folder ? '(?:.*/)?' : '.*';
      index += folder ? 2 : 1;
    } else if (char === '*') expression += '[^/]*';
    else if (char === '?' || char === '+' || char === '[' || char === ']') expression += char;
    else expression += char.replace(/[\\^$.|(){}]/g, '\\$&');
  }
  return new RegExp(`^${expression}$`).test(text);
}

/** Applies patterns in their order; a later `!pattern` takes out what an earlier one let in. */
export function isIncluded(patterns: readonly string[], text: string): boolean {
  let included = false;
  for (const pattern of patterns) {
    if (pattern.startsWith('!')) included = included && !matchesPattern(pattern.slice(1), text);
    else included = included || matchesPattern(pattern, text);
  }
  return included;
}

/** The filters of `on.push`, and of `on.pull_request`, where the branch is the base. */
export interface PushFilters {
  readonly branches?: readonly string[] | undefined;
  readonly 'branches-ignore'?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly 'paths-ignore'?: readonly string[] | undefined;
}

/** Returns whether a push to `branch` that changed `files` starts a workflow with these filters. */
export function matchesPush(filters: PushFilters, branch: string, files: readonly string[]): boolean {
  if (filters.branches !== undefined && !isIncluded(filters.branches, branch)) return false;
  if (filters['branches-ignore'] !== undefined && isIncluded(filters['branches-ignore'], branch)) return false;
  const { paths, 'paths-ignore': ignored } = filters;
  if (paths !== undefined && !files.some((file) => isIncluded(paths, file))) return false;
  return ignored === undefined || files.some((file) => !isIncluded(ignored, file));
}
