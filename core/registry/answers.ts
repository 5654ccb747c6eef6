import * as z from 'zod';
import { quote } from '#core/values/errors.ts';

/** The status and the body of an answer. */
interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const errorBody = z.object({
  errors: z.array(z.object({ code: z.string().optional(), message: z.string().optional() })),
});

/** Returns the errors that an answer names in the form of the distribution specification. */
export function readErrors({ body }: Answer): z.infer<typeof errorBody>['errors'] {
  return errorBody.safeParse(parseJson(body)).data?.errors ?? [];
}

/** Returns `answers 404` and, where the body has them, the code and the words of the first error. */
export function describeAnswer(answer: Answer): string {
  const [first] = readErrors(answer);
  const said = [first?.code, first?.message].filter(Boolean).join(': ');
  return `answers ${answer.status}${first === undefined ? '' : ` and says ${quote(said)}`}`;
}

/** Returns the value of a JSON document; undefined where it is none. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}
