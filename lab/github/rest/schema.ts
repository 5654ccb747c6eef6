import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { OPERATIONS, type OperationId } from '#lab/github/openapi/operations.ts';

const described = z.object({
  method: z.string(),
  path: z.string(),
  documentation: z.string(),
  parameters: z.array(
    z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema: z.record(z.string(), z.unknown()) }),
  ),
  request: z.record(z.string(), z.unknown()).optional(),
  responses: z.record(z.string(), z.record(z.string(), z.unknown()).nullable()),
});
const published = z.object({
  source: z.string(),
  operations: z.record(z.string(), described),
  components: z.record(z.string(), z.unknown()),
});

/** A request that fits a published path. */
export interface Matched {
  readonly id: OperationId;
  readonly documentation: string;
  readonly path: Readonly<Record<string, string>>;
}

/** GitHub's description of its REST interface, as far as the stand-in answers it. */
export interface Description {
  /** Returns the operation of a path below the API's root; undefined where the stand-in has none. */
  find(method: string, path: string): Matched | undefined;
  /** Fills in defaults and converts numbers of path and query in place; returns what is wrong, or undefined. */
  refuseRequest(id: OperationId, request: { parameters: Record<string, unknown>; body: unknown }): string | undefined;
  /** Returns what is wrong with an answer of ours, or undefined. */
  refuseResponse(id: OperationId, status: number, body: unknown): string | undefined;
}

/** An answer that an operation's description leaves out looks like every error of GitHub's. */
const GENERAL = new Set([400, 401, 403, 404, 422, 500]);

/** Reads the committed cut of the description and compiles its schemas. */
export function readDescription(): Description {
  const text = readFileSync(join(import.meta.dirname, '..', 'openapi', 'github.json'), 'utf8');
  const { operations, components } = published.parse(JSON.parse(text));
  const requests = openAjv({ useDefaults: true, coerceTypes: false }, components);
  const parameters = openAjv({ useDefaults: true, coerceTypes: true }, components);
  const responses = openAjv({}, components);
  const compiled = new Map<string, ValidateFunction>();
  const once = (key: string, compile: () => ValidateFunction): ValidateFunction => {
    const validate = compiled.get(key) ?? compile();
    compiled.set(key, validate);
    return validate;
  };
  const operationOf = (id: OperationId): z.output<typeof described> => {
    const operation = operations[id];
    if (operation === undefined) throw new Error(`the cut lacks ${id}: run lab/github/openapi/cut.ts`);
    return operation;
  };
  const paths = OPERATIONS.map((id) => ({ id, ...operationOf(id), pattern: patternOf(operationOf(id).path) }));
  return {
    find: (method, path) => {
      for (const { id, documentation, pattern, method: wanted } of paths) {
        const groups = wanted === method.toLowerCase() ? pattern.exec(path)?.groups : undefined;
        if (groups !== undefined) return { id, documentation, path: decodeValues(groups) };
      }
      return undefined;
    },
    refuseRequest: (id, request) => {
      const operation = operationOf(id);
      const ofParameters = once(`${id} parameters`, () => parameters.compile(schemaOfParameters(operation.parameters)));
      if (!ofParameters(request.parameters)) return describeErrors(ofParameters.errors);
      const { request: schema } = operation;
      if (schema === undefined) return undefined;
      const ofBody = once(`${id} body`, () => requests.compile(relocate(schema)));
      return ofBody(request.body ?? {}) ? undefined : describeErrors(ofBody.errors);
    },
    refuseResponse: (id, status, body) => {
      const schema = operationOf(id).responses[status];
      if (schema === null) return body === undefined ? undefined : `${id} answers ${status} with a body`;
      if (schema === undefined && !GENERAL.has(status)) return `${id} never answers ${status}`;
      const validate = once(`${id} ${status}`, () =>
        responses.compile(relocate(schema ?? { $ref: '#/components/basic-error' })),
      );
      return validate(body) ? undefined : `${id}, ${status}: ${describeErrors(validate.errors)}`;
    },
  };
}

function openAjv(options: { useDefaults?: boolean; coerceTypes?: boolean }, components: object): Ajv {
  const ajv = new Ajv({ ...options, strict: false, allErrors: true });
  addFormats.default(ajv);
  // GitHub gives an empty text where an address is not known, and its description has that as the default
  ajv.addFormat('uri', (text) => text === '' || URL.canParse(text));
  ajv.addSchema({ $id: 'github', components });
  return ajv;
}

/** References of a compiled part must name the document that holds the components. */
function relocate(schema: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(schema).replaceAll('"$ref":"#/', '"$ref":"github#/');
  return z.record(z.string(), z.unknown()).parse(JSON.parse(text));
}

function schemaOfParameters(parameters: z.output<typeof described>['parameters']): Record<string, unknown> {
  return relocate({
    type: 'object',
    // in an address a number is text, too, so that more than one of the alternatives may fit
    properties: Object.fromEntries(
      parameters.map(({ name, schema: { oneOf, ...schema } }) => [
        name,
        oneOf === undefined ? schema : { ...schema, anyOf: oneOf },
      ]),
    ),
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  });
}

/** A reference's name may hold slashes; nothing else in a path may. */
function patternOf(path: string): RegExp {
  const source = path.replace(/\{(\w+)\}/g, (_whole, name: string) => `(?<${name}>${name === 'ref' ? '.+' : '[^/]+'})`);
  return new RegExp(`^${source}$`);
}

function decodeValues(values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, decode(value)]));
}

/** What is not percent-encoded text stands for itself, and then names nothing. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

function describeErrors(errors: readonly ErrorObject[] | null | undefined): string {
  return (errors ?? [])
    .map((error) => `${error.instancePath || '/'} ${error.message ?? 'is wrong'}${named(error)}`)
    .join('; ');
}

function named({ params }: ErrorObject): string {
  const values: unknown = params['allowedValues'];
  return Array.isArray(values) ? ` (${values.join(', ')})` : '';
}
