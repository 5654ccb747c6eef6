/** Tokens of GitHub's expressions: a string, a name, the end of an expression, or one other character. */
const TOKEN = /'(?:[^']|'')*'|[A-Za-z_][\w-]*|\}\}|\S/g;

/** True when GitHub would replace a part of the text before it is used. */
export function hasExpression(text: string): boolean {
  return text.includes('${{');
}

/**
 * Returns true when an expression in the text reads a secret other than the job's own token: by name, by index, or all
 * of them at once, `toJSON(secrets)`. Names are compared without regard to case, as GitHub does.
 */
export function readsSecret(text: string): boolean {
  return listExpressions(text).some((tokens) =>
    tokens.some(
      (token, index) =>
        token.toLowerCase() === 'secrets' && tokens[index - 1] !== '.' && !isOwnToken(tokens.slice(index + 1)),
    ),
  );
}

/** `.GITHUB_TOKEN` or `['GITHUB_TOKEN']`, as the tokens behind `secrets`. */
function isOwnToken([first, second, third]: readonly string[]): boolean {
  const name = first === '.' ? second : first === '[' && third === ']' ? second?.replaceAll("'", '') : undefined;
  return name?.toLowerCase() === 'github_token';
}

function listExpressions(text: string): string[][] {
  return text
    .split('${{')
    .slice(1)
    .map((part) => {
      const tokens: string[] = part.match(TOKEN) ?? [];
      const end = tokens.indexOf('}}');
      return end === -1 ? tokens : tokens.slice(0, end);
    });
}
