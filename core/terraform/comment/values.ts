import { clip, quote } from '#core/comment/show.ts';
import type { Path } from '#core/terraform/plan/classify.ts';
import { isUnknown } from '#core/terraform/plan/diff.ts';
import { Sensitive, type View } from '#core/terraform/plan/view.ts';
import { HIDDEN, type Scrub } from '#core/terraform/secrets.ts';
import { showCount } from '#core/values/markdown.ts';

/** Returns a leaf as the comment shows it; of a text that is too long the start, and how long it is. */
export function showValue(value: View, scrub: Scrub): string {
  if (isUnknown(value)) return value instanceof Sensitive ? '(sensitive, known after apply)' : '(known after apply)';
  if (value instanceof Sensitive) return HIDDEN;
  if (typeof value === 'string') return quote(clip(scrub(value)));
  if (typeof value !== 'object' || value === null) return scrub(String(value));
  const size = Object.keys(value).length;
  if (Array.isArray(value)) return size === 0 ? '[]' : `[… ${showCount(size)}]`;
  return size === 0 ? '{}' : `{… ${showCount(size)}}`;
}

/** Returns a path as Terraform writes it: `tags.owner`, `ingress[0]["a b"]`. Keys may hold secrets, an attribute's name does not. */
export function showPath(path: Path, scrub: Scrub): string {
  const steps = path.map((step, depth) => {
    if (typeof step === 'number') return `[${step}]`;
    const key = depth === 0 ? step : scrub(step);
    if (!/^[A-Za-z_][\w-]*$/.test(key)) return `[${quote(clip(key))}]`;
    return depth === 0 ? key : `.${key}`;
  });
  return steps.join('');
}

/** Returns an address as it is shown: its names are in the code for all to read, its keys are values. */
export function showAddress(address: string, scrub: Scrub): string {
  const shown = address.replace(/\[(?:"(?:[^"\\]|\\.)*"|[^\]]*)\]/gs, scrub);
  return shown.length > 400 ? `${shown.slice(0, 200)}…${shown.slice(-150)}` : shown;
}
