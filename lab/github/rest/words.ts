import type { ErrorObject } from 'ajv';
import type { Fault } from '#lab/github/rest/call.ts';

/** What is wrong with a request, as a person and as a program read it. */
export interface Refusal {
  readonly message: string;
  readonly errors: readonly Fault[];
}

/** Returns what a schema has against a request, in the words that GitHub's server uses. */
export function describeRefusal(errors: readonly ErrorObject[]): Refusal {
  // of a choice, only the choice is told, not each of its parts
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf').map(({ schemaPath }) => schemaPath);
  const told = errors.filter(({ schemaPath }) => !choices.some((choice) => schemaPath.startsWith(`${choice}/`)));
  const sentences = told.map(sentenceOf);
  return { message: `Invalid request.\n\n${sentences.join('\n')}`, errors: told.map(faultOf) };
}

/** Returns how an answer of ours breaks its schema, for the person who repairs it. */
export function describeViolation(errors: readonly ErrorObject[]): string {
  return errors
    .map((error) => `${error.instancePath || '/'} ${error.message ?? 'is wrong'}${listed(error)}`)
    .join('; ');
}

function sentenceOf(error: ErrorObject): string {
  const where = error.schemaPath.replace(/^.*#\//, '').replace(/\/?[^/]+$/, '');
  const subject = `For '${where}', ${inspect(error.data)}`;
  const { keyword, params } = error;
  if (keyword === 'required') return `"${String(params['missingProperty'])}" wasn't supplied.`;
  if (keyword === 'additionalProperties') return `"${String(params['additionalProperty'])}" is not a permitted key.`;
  if (keyword === 'enum') return `${subject} is not a member of ${inspect(params['allowedValues'])}.`;
  if (keyword === 'type') return `${subject} is not ${article(String(params['type']))}.`;
  if (keyword === 'anyOf') return `No subschema in "anyOf" matched ${inspect(error.data)} for '${where}'.`;
  return `${subject} ${error.message ?? 'is wrong'}.`;
}

function faultOf(error: ErrorObject): Fault {
  const at = error.instancePath.slice(1).replaceAll('/', '.');
  if (error.keyword !== 'required') return { code: 'invalid', field: at };
  const missing = String(error.params['missingProperty']);
  return { code: 'missing_field', field: at === '' ? missing : `${at}.${missing}` };
}

/** As Ruby, which GitHub is written in, shows a value. */
function inspect(value: unknown): string {
  if (value === null || value === undefined) return 'nil';
  if (Array.isArray(value)) return `[${value.map(inspect).join(', ')}]`;
  return JSON.stringify(value);
}

function article(type: string): string {
  return /^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`;
}

function listed({ params }: ErrorObject): string {
  const values: unknown = params['allowedValues'];
  return Array.isArray(values) ? ` (${values.join(', ')})` : '';
}
