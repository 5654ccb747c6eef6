import { posix } from 'node:path';
import type { Annotation } from '#core/system/log.ts';
import type { Failure } from '#core/terraform/run/failure.ts';
import type { Diagnostic } from '#core/terraform/run/messages.ts';

/** Annotations of one kind that GitHub shows for a step. */
const MOST_ANNOTATIONS = 10;

/** Returns errors as annotations on their lines of code, the first ten; the texts must be scrubbed. */
export function annotateErrors(errors: readonly Diagnostic[], folder: string): Annotation[] {
  return errors.slice(0, MOST_ANNOTATIONS).map(({ summary, detail, range, address }) => ({
    title: summary,
    message: [detail === '' ? summary : detail, ...(address === undefined ? [] : [`(${address})`])].join('\n'),
    ...(range && { file: posix.join(folder, range.filename), line: range.start.line, endLine: range.end.line }),
  }));
}

/** Returns errors as the comment shows them: the summary, where it is, then the rest. */
export function listErrors(errors: readonly Diagnostic[], folder: string): string[] {
  return errors.map(({ summary, detail, range, address }) => {
    const place = range ? `${posix.join(folder, range.filename)}:${range.start.line}` : (address ?? '');
    return [place === '' ? summary : `${summary} (${place})`, detail].join('\n').trim();
  });
}

/** Returns a failure as the step's own message: its sentence, the first errors, and how many more there are. */
export function describeFailure({ sentence, diagnostics }: Failure): string {
  const shown = diagnostics.slice(0, MOST_ANNOTATIONS).map(({ summary }) => `- ${summary}`);
  const more = diagnostics.length - shown.length;
  return [sentence, ...shown, ...(more > 0 ? [`- and ${more} more, in the job summary`] : [])].join('\n');
}
