import { renderText } from '#core/comment/lines.ts';
import { showLine, showPair } from '#core/comment/show.ts';
import type { Change, Step } from '#core/manifests/changes.ts';
import { isFields, isList, Plain, type Value } from '#core/manifests/value.ts';
import type { Scrub } from '#core/terraform/secrets.ts';
import { showCount, showInvisible } from '#core/values/markdown.ts';

/** Lines of an object that are kept: a page has room for fewer. */
const MOST_LINES = 300;

/** Returns changes as lines that begin with `-`, `+` or a space, without secrets; nothing in a value makes a line. */
export function renderChanges(changes: readonly Change[], scrub: Scrub): string[] {
  return cutLines(changes.flatMap((change) => renderChange(change, scrub)));
}

/** Returns a whole manifest as lines that begin with `sign`, without secrets. */
export function renderWhole(text: string, sign: '-' | '+', scrub: Scrub): string[] {
  return cutLines(
    scrub(text)
      .split('\n')
      .map((line) => `${sign} ${showLine(line)}`.trimEnd()),
  );
}

/** As people write it: `spec.containers[name=bot].args[0]`, `data["app.yaml"]`. */
function showPath(path: readonly Step[], scrub: Scrub): string {
  const steps = path.map((step, depth) => {
    if (typeof step === 'number') return `[${step}]`;
    if (typeof step === 'object') return `[${step.field}=${showKey(scrub(step.value))}]`;
    const key = scrub(step);
    if (!/^[\w-]{1,200}$/.test(key)) return `[${quote(clip(key))}]`;
    return depth === 0 ? key : `.${key}`;
  });
  return steps.join('');
}

function cutLines(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `  … ${showCount(lines.length - MOST_LINES)} more lines`];
}

function renderChange({ path, from, to }: Change, scrub: Scrub): string[] {
  const name = showPath(path, scrub);
  const isText = (value: Value | undefined): boolean => typeof value === 'string' && value.includes('\n');
  if ((isText(from) || isText(to)) && isTextOrAbsent(from) && isTextOrAbsent(to))
    return renderText(name, from ?? '', to ?? '', scrub);
  if (typeof from === 'string' && typeof to === 'string') return renderPair(name, scrub(from), scrub(to));
  return [...renderLeaves(path, from, '-', scrub), ...renderLeaves(path, to, '+', scrub)];
}

function isTextOrAbsent(value: Value | undefined): value is string | undefined {
  return value === undefined || typeof value === 'string';
}

function renderPair(name: string, from: string, to: string): string[] {
  if (from === to) return [`  ${name}: a secret in it changes`];
  const [was, is] = isPlain(from) && isPlain(to) ? [from, to] : showPair(from, to);
  return [`- ${name}: ${was}`, `+ ${name}: ${is}`];
}

function renderLeaves(path: readonly Step[], value: Value | undefined, sign: '-' | '+', scrub: Scrub): string[] {
  if (value === undefined) return [];
  if (isFields(value) && value.size > 0)
    return [...value].flatMap(([key, inner]) => renderLeaves([...path, key], inner, sign, scrub));
  if (isList(value) && value.length > 0)
    return value.flatMap((inner, at) => renderLeaves([...path, at], inner, sign, scrub));
  const name = showPath(path, scrub);
  if (typeof value !== 'string') return [`${sign} ${name}: ${showOther(value, scrub)}`];
  if (!value.includes('\n')) return [`${sign} ${name}: ${showText(scrub(value))}`];
  return sign === '-' ? renderText(name, value, '', scrub) : renderText(name, '', value, scrub);
}

function showOther(value: Exclude<Value, string>, scrub: Scrub): string {
  if (value instanceof Plain) return showInvisible(scrub(value.text));
  return isList(value) ? '[]' : '{}';
}

/** Returns text as it is where it cannot be taken for anything else, otherwise in quotes. */
function showText(text: string): string {
  return isPlain(text) ? text : quote(clip(text));
}

const LONGEST = 200;

/** True for text on one line that YAML reads as text. */
function isPlain(text: string): boolean {
  if (text.length > LONGEST || !/^[\p{L}\p{N}./@_(][\p{L}\p{N}\p{P}\p{S} ]*$/u.test(text)) return false;
  if (showInvisible(text) !== text || text.endsWith(' ')) return false;
  return !/^([\d.][\d_.:]*(e[+-]?\d+)?|0[xo][\da-f]+|true|false|yes|no|on|off|null|~|\.(inf|nan))$/i.test(text);
}

function showKey(text: string): string {
  return /^[\w./-]{1,200}$/.test(text) ? text : quote(clip(text));
}

function clip(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}… (${showCount(text.length)} characters)`;
}

function quote(text: string): string {
  return showInvisible(JSON.stringify(text));
}
