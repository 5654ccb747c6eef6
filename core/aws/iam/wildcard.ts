/**
 * True when `text` is what `pattern` describes: `*` matches any characters (colons and slashes too), `?` for one,
 * and case matters. Takes time in proportion to both lengths multiplied, whatever the pattern: a regular expression
 * would not. After "Using wildcards in resource ARNs",
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
 */
export function matchesWildcard(pattern: string, text: string): boolean {
  let [at, star, resumed] = [0, -1, 0];
  let position = 0;
  while (position < text.length) {
    if (pattern[at] === '*') {
      star = at++;
      resumed = position;
    } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === text[position])) {
      at++;
      position++;
    } else if (star >= 0) {
      // The last star takes one character more, and what follows it is tried again.
      at = star + 1;
      position = ++resumed;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(at));
}

/** How many components an ARN has: arn, partition, service, region, account, resource (which may hold colons itself). */
const ARN_COMPONENTS = 6;

/**
 * True when the ARN matches component by component, so that no wildcard reaches over a colon before the resource.
 * After "Amazon Resource Name (ARN) condition operators",
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function matchesArn(pattern: string, arn: string): boolean {
  const [patterns, components] = [splitArn(pattern), splitArn(arn)];
  return (
    patterns.length === ARN_COMPONENTS &&
    components.length === ARN_COMPONENTS &&
    patterns.every((part, index) => matchesWildcard(part, components[index] ?? ''))
  );
}

function splitArn(arn: string): string[] {
  const parts = arn.split(':');
  const resource = parts.slice(ARN_COMPONENTS - 1).join(':');
  return parts.length < ARN_COMPONENTS ? parts : [...parts.slice(0, ARN_COMPONENTS - 1), resource];
}
