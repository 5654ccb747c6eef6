/** Markup that goes into a page unescaped. */
export interface Html {
  readonly markup: string;
}

type Fill = Html | string | number | undefined | readonly Html[];

/** Returns markup; what is filled in is escaped unless it is markup itself. Lists are joined, undefined is nothing. */
export function html(parts: TemplateStringsArray, ...values: readonly Fill[]): Html {
  const markup = parts.reduce((text, part, index) => text + part + fill(values[index]), '');
  return { markup };
}

/** Declares a text of our own to be markup. */
export function trust(markup: string): Html {
  return { markup };
}

/** Returns text with every character that markup knows written as a reference. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function fill(value: Fill): string {
  if (value === undefined) return '';
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  if ('markup' in value) return value.markup;
  return value.map(({ markup }) => markup).join('');
}
