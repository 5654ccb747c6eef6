import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EVENTS, OPERATIONS } from '#lab/github/openapi/operations.ts';

/**
 * Cuts the operations in use out of GitHub's published description, with all that they refer to, and writes it as JSON
 * Schema: `node lab/github/openapi/cut.ts <folder of the unpacked npm package @octokit/openapi>`.
 * The package is 385 MB, so that the cut is what is committed.
 */
type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
type JsonObject = { [key: string]: Json };

/** What tells a reader something, and a check nothing. */
const PROSE = new Set([
  'description',
  'discriminator',
  'example',
  'examples',
  'externalDocs',
  'summary',
  'title',
  'deprecated',
]);

const folder = process.argv[2];
if (folder === undefined) throw new Error('name the folder of the unpacked package @octokit/openapi');
const readJson = (path: string): JsonObject => asObject(JSON.parse(readFileSync(join(folder, path), 'utf8')) as Json);
const source = readJson('generated/api.github.com.json');
const { version } = readJson('package.json');

const components: JsonObject = {};
const operations: JsonObject = {};
for (const [path, item] of Object.entries(asObject(source['paths'] ?? {}))) {
  for (const [method, described] of Object.entries(asObject(item))) {
    const operation = asObject(described);
    const id = String(operation['operationId']);
    if (!OPERATIONS.some((wanted) => wanted === id)) continue;
    operations[id] = { method, path, ...asObject(convert(cutOperation(operation))) };
  }
}
const missing = OPERATIONS.filter((id) => operations[id] === undefined);
if (missing.length > 0) throw new Error(`the description has no operation ${missing.join(', ')}`);
const events = Object.fromEntries(EVENTS.map((name) => [name, convert(payloadOf(name))]));
const cut = { source: `@octokit/openapi ${String(version)}, api.github.com`, operations, events, components };
writeFileSync(join(import.meta.dirname, 'github.json'), `${JSON.stringify(cut, null, 1)}\n`);

function payloadOf(name: string): Json {
  const { post } = asObject(asObject(source['x-webhooks'] ?? {})[name] ?? {});
  const { content } = asObject(asObject(post ?? {})['requestBody'] ?? {});
  return asObject(asObject(content ?? {})['application/json'] ?? {})['schema'] ?? {};
}

function cutOperation(operation: JsonObject): JsonObject {
  const schemaOf = (body: Json | undefined): Json | undefined => {
    const content = asObject(asObject(resolve(body ?? {}))['content'] ?? {});
    return asObject(content['application/json'] ?? {})['schema'];
  };
  const request = schemaOf(operation['requestBody']);
  const responses = Object.entries(asObject(operation['responses'] ?? {}));
  return {
    documentation: asObject(operation['externalDocs'] ?? {})['url'] ?? '',
    parameters: asArray(operation['parameters'] ?? []).map((parameter) => {
      const { name, in: place, required, schema } = asObject(resolve(parameter));
      return { name: name ?? '', in: place ?? '', required: required ?? false, schema: schema ?? {} };
    }),
    ...(request === undefined ? {} : { request }),
    responses: Object.fromEntries(responses.map(([status, body]) => [status, schemaOf(body) ?? null])),
    headers: Object.fromEntries(responses.flatMap(([status, answer]) => listHeaders(status, answer))),
  };
}

/** Headers that an answer always has; the addresses of other pages are there only when there are other pages. */
function listHeaders(status: string, answer: Json): [string, Json][] {
  const names = Object.keys(asObject(asObject(resolve(answer))['headers'] ?? {}));
  const always = names.map((name) => name.toLowerCase()).filter((name) => name !== 'link');
  return always.length === 0 ? [] : [[status, always]];
}

/** Returns a part without prose, with `nullable` as JSON Schema says it, and takes along what it refers to. */
function convert(part: Json): Json {
  if (Array.isArray(part)) return part.map(convert);
  if (part === null || typeof part !== 'object') return part;
  const target = part['$ref'];
  if (typeof target === 'string') return { $ref: takeAlong(target) };
  const { nullable, ...rest } = part;
  const kept = Object.entries(rest).filter(([key]) => !PROSE.has(key) && !key.startsWith('x-'));
  const converted: JsonObject = Object.fromEntries(
    kept.map(([key, value]) => [
      // GitHub's alternatives overlap, so that a good value often fits more than one of them
      key === 'oneOf' ? 'anyOf' : key,
      key === 'properties' ? convertProperties(asObject(value)) : convert(value),
    ]),
  );
  return nullable === true ? { anyOf: [{ type: 'null' }, converted] } : converted;
}

/** A property may be called `description`. */
function convertProperties(properties: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, convert(schema)]));
}

function takeAlong(reference: string): string {
  const name = reference.split('/').at(-1) ?? '';
  if (components[name] === undefined) {
    components[name] = {}; // a schema may refer to itself
    components[name] = convert(resolve({ $ref: reference }));
  }
  return `#/components/${name}`;
}

function resolve(part: Json): Json {
  const reference = asObject(part)['$ref'];
  if (typeof reference !== 'string') return part;
  const steps = reference.slice('#/'.length).split('/');
  return steps.reduce<Json>((at, step) => asObject(at)[step] ?? {}, source);
}

function asObject(value: Json): JsonObject {
  if (value === null || typeof value !== 'object' || Array.isArray(value))
    throw new Error(`expected an object, got ${JSON.stringify(value)?.slice(0, 80)}`);
  return value;
}

function asArray(value: Json): Json[] {
  if (!Array.isArray(value)) throw new Error('expected a list');
  return value;
}
