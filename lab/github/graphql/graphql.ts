import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  buildSchema,
  execute,
  GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLSchema,
  Kind,
  parse,
  validate,
} from 'graphql';
import { z } from 'zod';
import { isObject } from '#core/values/json.ts';
import { type Field, rootOf } from '#lab/github/graphql/fields.ts';
import { Refused } from '#lab/github/graphql/refused.ts';
import type { Bearer, Tokens } from '#lab/github/identity/tokens.ts';
import { type RestContext, refuse } from '#lab/github/rest/call.ts';

/** Where it is asked, as on GitHub Enterprise Server. */
export const GRAPHQL_PATH = '/api/graphql';

/** The GraphQL interface. */
export interface GraphQL {
  /** Answers a request to {@link GRAPHQL_PATH}; false when it is none. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

const question = z.object({
  query: z.string(),
  variables: z.record(z.string(), z.unknown()).nullish(),
  operationName: z.string().nullish(),
});

/**
 * Opens the GraphQL interface over the server's state. Questions and answers are held against GitHub's whole published
 * schema; a field that the schema has and the stand-in lacks is an error that says so, never a null.
 */
export function createGraphQL(context: RestContext, tokens: Tokens): GraphQL {
  let reading: Promise<GraphQLSchema> | undefined;
  return {
    answer: async (request, response) => {
      if (new URL(request.url ?? '/', context.url).pathname !== GRAPHQL_PATH) return false;
      const body = await text(request);
      const bearer = tokens.authenticate(request.headers.authorization);
      reading ??= readSchema();
      const schema = await reading;
      const answer = await context.faults.meet(listFields(body), 'graphql', () =>
        decide(request.method, body, bearer, { schema, context }),
      );
      if (answer === undefined) {
        request.socket.destroy();
        return true;
      }
      response.writeHead(answer.status, {
        ...answer.headers,
        'content-type': 'application/json; charset=utf-8',
        'x-slipway-stand-in': 'github',
      });
      response.end(JSON.stringify(answer.body));
      return true;
    },
  };
}

interface GraphQLAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Half a second, paid by the first question only. */
async function readSchema(): Promise<GraphQLSchema> {
  const { schema } = await import('@octokit/graphql-schema');
  return buildSchema(schema.idl, { assumeValid: true, noLocation: true });
}

/** Returns the fields of `Query` or `Mutation` that a request names. */
function listFields(body: string): string[] {
  const asked = question.safeParse(parseJson(body));
  if (!asked.success) return [];
  try {
    return parse(asked.data.query).definitions.flatMap((definition) =>
      definition.kind === Kind.OPERATION_DEFINITION
        ? definition.selectionSet.selections.flatMap((field) => (field.kind === Kind.FIELD ? [field.name.value] : []))
        : [],
    );
  } catch {
    return [];
  }
}

async function decide(
  method: string | undefined,
  body: string,
  bearer: Bearer | undefined,
  { schema, context }: { schema: GraphQLSchema; context: RestContext },
): Promise<GraphQLAnswer> {
  if (bearer === undefined) return refuse(401, 'Bad credentials', 'https://docs.github.com/graphql');
  if (method !== 'POST') return refuse(404, 'Not Found', 'https://docs.github.com/graphql');
  const asked = question.safeParse(parseJson(body));
  if (!asked.success) return refuse(400, 'Problems parsing JSON', 'https://docs.github.com/graphql');
  const { query, variables, operationName } = asked.data;
  try {
    const document = parse(query);
    const faults = validate(schema, document);
    if (faults.length > 0) return { status: 200, body: { errors: faults.map(describeError) } };
    const result = await execute({
      schema,
      document,
      rootValue: rootOf(context),
      contextValue: bearer,
      fieldResolver: answerField,
      ...(variables ? { variableValues: variables } : {}),
      ...(operationName ? { operationName } : {}),
    });
    const errors = result.errors?.map(describeError);
    return {
      status: 200,
      body: { ...(result.data === undefined ? {} : { data: result.data }), ...(errors ? { errors } : {}) },
    };
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return { status: 200, body: { errors: [describeError(error)] } };
  }
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

/** GitHub puts the kind of an error beside its message. */
function describeError(error: GraphQLError): Record<string, unknown> {
  const { originalError, message, path, locations } = error;
  return {
    ...(originalError instanceof Refused ? { type: originalError.type } : {}),
    ...(path === undefined ? {} : { path }),
    ...(locations === undefined ? {} : { locations }),
    message,
  };
}

const answerField: GraphQLFieldResolver<unknown, Bearer> = (source, args, bearer, info) => {
  const value: unknown = isObject(source) ? source[info.fieldName] : undefined;
  if (isField(value)) return value(args, bearer);
  if (value !== undefined) return value;
  throw new Refused('NOT_IMPLEMENTED', `The stand-in has no ${info.parentType.name}.${info.fieldName}`);
};

function isField(value: unknown): value is Field {
  return typeof value === 'function';
}
