import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { type EventName, OPERATIONS, type OperationId } from '#lab/github/openapi/operations.ts';
import { describeRefusal, describeViolation, type Refusal } from '#lab/github/rest/words.ts';

const schema = z.record(z.string(), z.unknown());
const described = z.object({
  method: z.string(),
  path: z.string(),
  documentation: z.string(),
  parameters: z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean(), schema })),
  request: schema.optional(),
  responses: z.record(z.string(), schema.nullable()),
  headers: z.record(z.string(), z.array(z.string())),
});
const published = z.object({
  source: z.string(),
  operations: z.record(z.string(), described),
  events: z.record(z.string(), schema),
  components: z.record(z.string(), z.unknown()),
});
type Operation = z.output<typeof described>;

/** A request that fits a published path. */
export interface Matched {
  readonly id: OperationId;
  readonly documentation: string;
  readonly path: Readonly<Record<string, string>>;
}

/** What is about to be answered. */
export interface Answered {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** GitHub's description of the part of its REST interface that the stand-in answers. */
export interface Description {
  /** Returns the operation of a path below the API's root; undefined where the stand-in has none. */
  find(method: string, path: string): Matched | undefined;
  /** Fills in defaults and converts numbers of path and query in place; returns what is wrong, or undefined. */
  refuseRequest(id: OperationId, request: { parameters: Record<string, unknown>; body: unknown }): Refusal | undefined;
  /** Returns what is wrong with an answer of ours, or undefined. */
  refuseResponse(id: OperationId, answer: Answered): string | undefined;
  /** Returns what is wrong with the payload of an event, or undefined. */
  refuseEvent(name: EventName, payload: unknown): string | undefined;
}

/** An answer that an operation's description leaves out looks like every error of GitHub's. */
const GENERAL = new Set([400, 401, 403, 404, 422, 429, 500]);

/** Reads the committed cut of the description and compiles its schemas as they are needed. */
export function readDescription(): Description {
  const text = readFileSync(join(import.meta.dirname, '..', 'openapi', 'github.json'), 'utf8');
  const { operations, events, components } = published.parse(JSON.parse(text));
  const requests = openAjv({ useDefaults: true, verbose: true }, components);
  const parameters = openAjv({ useDefaults: true, coerceTypes: true, verbose: true }, components);
  const responses = openAjv({}, components);
  const once = openCache();
  const operationOf = (id: OperationId): Operation => {
    const operation = operations[id];
    if (operation === undefined) throw new Error(`the cut lacks ${id}: run lab/github/openapi/cut.ts`);
    return operation;
  };
  return {
    find: openFinder(operationOf),
    refuseRequest: (id, request) => {
      const { parameters: declared, request: body } = operationOf(id);
      const ofParameters = once(`${id} parameters`, () => parameters.compile(schemaOfParameters(declared)));
      if (!ofParameters(request.parameters)) return describeRefusal(ofParameters.errors ?? []);
      if (body === undefined) return undefined;
      const ofBody = once(`${id} body`, () => requests.compile(relocate(body)));
      return ofBody(request.body) ? undefined : describeRefusal(ofBody.errors ?? []);
    },
    refuseResponse: (id, { status, body, headers = {} }) => {
      const { responses: bodies, headers: wanted } = operationOf(id);
      const missing = wanted[status]?.filter((name) => headers[name] === undefined) ?? [];
      if (missing.length > 0) return `${id}, ${status}: the header ${missing.join(', ')} is missing`;
      const found = bodies[status];
      if (found === undefined && !GENERAL.has(status)) return `${id} never answers ${status}`;
      if (found === null && body === undefined) return undefined;
      if (found === null && status < 400) return `${id} answers ${status} with a body`;
      const validate = once(`${id} ${status}`, () =>
        responses.compile(relocate(found ?? { $ref: '#/components/basic-error' })),
      );
      return validate(body) ? undefined : `${id}, ${status}: ${describeViolation(validate.errors ?? [])}`;
    },
    refuseEvent: (name, payload) => {
      const validate = once(`event ${name}`, () => responses.compile(relocate(events[name] ?? { not: {} })));
      return validate(payload) ? undefined : `event ${name}: ${describeViolation(validate.errors ?? [])}`;
    },
  };
}

/** Returns what compiles a schema when it is first asked for. */
function openCache(): (key: string, compile: () => ValidateFunction) => ValidateFunction {
  const compiled = new Map<string, ValidateFunction>();
  return (key, compile) => {
    const validate = compiled.get(key) ?? compile();
    compiled.set(key, validate);
    return validate;
  };
}

function openFinder(operationOf: (id: OperationId) => Operation): Description['find'] {
  const literal = (path: string): number => path.replace(/\{\w+\}/g, '').length;
  const paths = OPERATIONS.map((id) => ({ id, ...operationOf(id), pattern: patternOf(operationOf(id).path) }))
    // what says more is asked first: `/commits/{ref}/status` before `/commits/{ref}`
    .sort((one, other) => literal(other.path) - literal(one.path));
  return (method, path) => {
    for (const { id, documentation, pattern, method: wanted } of paths) {
      const match = wanted === method.toLowerCase() ? pattern.exec(path) : null;
      if (match !== null) return { id, documentation, path: decodeValues(match.groups ?? {}) };
    }
    return undefined;
  };
}

function openAjv(
  options: { useDefaults?: boolean; coerceTypes?: boolean; verbose?: boolean },
  components: object,
): Ajv {
  const ajv = new Ajv({ ...options, strict: false, allErrors: true });
  addFormats.default(ajv);
  // GitHub gives an empty text where an address is not known, and its description has that as the default
  ajv.addFormat('uri', (text) => text === '' || URL.canParse(text));
  ajv.addFormat('repo.nwo', true); // GitHub's own, for a repository's name
  ajv.addFormat('email', true); // git takes any text, and github-actions[bot] has brackets in its own
  ajv.addSchema({ $id: 'github', components });
  return ajv;
}

/** References of a compiled part must name the document that holds the components. */
function relocate(part: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const text = JSON.stringify(part).replaceAll('"$ref":"#/', '"$ref":"github#/');
  return schema.parse(JSON.parse(text));
}

function schemaOfParameters(parameters: Operation['parameters']): Record<string, unknown> {
  return relocate({
    type: 'object',
    properties: Object.fromEntries(
      parameters.map(({ name, schema: { format, ...rest } }) => [
        name,
        // the description says that it is a time, and its own text that it is a search
        format === undefined || name === 'created' ? rest : { ...rest, format },
      ]),
    ),
    required: parameters.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  });
}

/** Names of references and files may hold slashes; nothing else in a path may. */
const WITH_SLASHES = new Set(['ref', 'basehead']);

/** The path of a file may be missing altogether: the first folder has none. */
function patternOf(path: string): RegExp {
  const source = path
    .replace('/{path}', '(?:/(?<path>.*))?')
    .replace(/\{(\w+)\}/g, (_whole, name: string) => `(?<${name}>${WITH_SLASHES.has(name) ? '.*' : '[^/]+'})`);
  return new RegExp(`^${source}$`);
}

function decodeValues(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, decode(value ?? '')]));
}

/** What is not percent-encoded text stays as it is, and then names nothing. */
function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
