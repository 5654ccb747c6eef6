import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from 'zod';
import { missingRepositoryWords, takenTagWords } from '#lab/aws/front.ts';
import { digestOf, type Images } from '#lab/aws/images.ts';
import { answerJson, passThrough, readBody } from '#lab/aws/proxy.ts';
import { isSignedByUser, type Rights } from '#lab/aws/rights.ts';
import { answerQuery, isQueryCall } from '#lab/aws/sts.ts';
import type { Tokens } from '#lab/aws/tokens.ts';
import type { TrustPolicies } from '#lab/aws/trust.ts';
import type { Answer } from '#lab/supervisor/http.ts';

/** What {@link createEndpoint} needs. */
export interface EndpointOptions {
  /** moto's `127.0.0.1:PORT`. */
  readonly moto: string;
  /** Where docker logs in: becomes ECR's proxyEndpoint. */
  readonly registryHost: string;
  readonly images: Images;
  readonly tokens: Tokens;
  readonly trusts: TrustPolicies;
  readonly rights: Rights;
}

const ECR = 'AmazonEC2ContainerRegistry_V20150921.';
const AMZ_JSON = { 'content-type': 'application/x-amz-json-1.1' };

const putImage = z.looseObject({
  repositoryName: z.string(),
  imageManifest: z.string(),
  imageManifestMediaType: z.string().optional(),
  imageTag: z.string().optional(),
  imageDigest: z.string().optional(),
});
const typedManifest = z.looseObject({ mediaType: z.string() });
const batchDelete = z.looseObject({ repositoryName: z.string() });
const deleted = z.looseObject({
  imageIds: z.array(z.looseObject({ imageDigest: z.string().optional() })).default([]),
});

/** Returns the one address of all AWS APIs: moto, except where ECR's metadata must agree with the real registry. */
export function createEndpoint(options: EndpointOptions): Answer {
  return (request, response) => {
    const target = String(request.headers['x-amz-target'] ?? '');
    if (isSignedByUser(request)) return answerUser(options, target, request, response);
    if (target === `${ECR}GetAuthorizationToken`) return giveToken(options, request, response);
    if (target === `${ECR}PutImage`) return takeImage(options, request, response);
    if (target === `${ECR}BatchDeleteImage`) return deleteImages(options, request, response);
    if (isQueryCall(request)) return answerQuery(options.moto, options.trusts, request, response);
    return toMoto(options, request, response);
  };
}

/** A user outside AWS, whose key lives long: it does what its policy and its boundary allow. */
async function answerUser(
  options: EndpointOptions,
  target: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const refusal = await options.rights.judge(request, body.toString('utf8'));
  if (refusal !== undefined) return refuse(response, refusal.type, refusal.message);
  if (target === `${ECR}GetAuthorizationToken`) return grantToken(options, response);
  return toMoto(options, request, response, body);
}

async function giveToken(options: EndpointOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await readBody(request);
  if (!request.headers.authorization?.startsWith('AWS4-HMAC-SHA256 ')) {
    return refuse(response, 'MissingAuthenticationTokenException', 'Missing Authentication Token');
  }
  grantToken(options, response);
}

function grantToken(options: EndpointOptions, response: ServerResponse): void {
  const { token, expiresAt } = options.tokens.issue();
  const grant = {
    authorizationToken: token,
    expiresAt: expiresAt.getTime() / 1000,
    proxyEndpoint: `http://${options.registryHost}`,
  };
  answerJson(response, 200, { authorizationData: [grant] }, AMZ_JSON);
}

/** The manifest goes to the registry first, so that every image in the records can be pulled. */
async function takeImage(options: EndpointOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const call = putImage.parse(JSON.parse((await readBody(request)).toString('utf8')));
  const { repositoryName, imageTag, imageManifest } = call;
  const bytes = Buffer.from(imageManifest, 'utf8');
  const digest = digestOf(bytes);
  if (call.imageDigest !== undefined && call.imageDigest !== digest) {
    return refuse(response, 'ImageDigestDoesNotMatchException', `The digest of the manifest is ${digest}`);
  }
  const mediaType = call.imageManifestMediaType ?? typedManifest.parse(JSON.parse(imageManifest)).mediaType;
  const put = await options.images.put(repositoryName, imageTag, { bytes, mediaType });
  const alreadyThere = `Image with digest '${digest}' and tag '${imageTag}' already exists in the repository with name '${repositoryName}'`;
  switch (put.outcome) {
    case 'no-repository':
      return refuse(response, 'RepositoryNotFoundException', missingRepositoryWords(repositoryName));
    case 'tag-taken':
      return refuse(response, 'ImageTagAlreadyExistsException', takenTagWords(repositoryName, imageTag ?? ''));
    case 'refused':
      return refuse(response, 'LayersNotFoundException', put.body.toString('utf8'));
    case 'unchanged':
      return refuse(response, 'ImageAlreadyExistsException', alreadyThere);
    case 'stored': {
      const imageId = { imageDigest: put.digest, ...(imageTag === undefined ? {} : { imageTag }) };
      answerJson(
        response,
        200,
        { image: { repositoryName, imageId, imageManifest, imageManifestMediaType: mediaType } },
        AMZ_JSON,
      );
    }
  }
}

async function deleteImages(
  options: EndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  const { repositoryName } = batchDelete.parse(JSON.parse(body.toString('utf8')));
  await options.images.alone(repositoryName, async () => {
    const answer = await fetch(`http://${options.moto}/`, {
      method: 'POST',
      headers: plainHeaders(request),
      body: new Uint8Array(body),
    });
    const text = await answer.text();
    const { imageIds } = answer.ok ? deleted.parse(JSON.parse(text)) : { imageIds: [] };
    await options.images.forget(
      repositoryName,
      imageIds.flatMap(({ imageDigest }) => imageDigest ?? []),
    );
    response.writeHead(answer.status, AMZ_JSON).end(text);
  });
}

function plainHeaders(request: IncomingMessage): Record<string, string> {
  const wanted = ['content-type', 'authorization', 'x-amz-target', 'x-amz-date', 'x-amz-security-token'];
  return Object.fromEntries(
    wanted.flatMap((name) => {
      const value = request.headers[name];
      return typeof value === 'string' ? [[name, value]] : [];
    }),
  );
}

function toMoto(
  { moto }: EndpointOptions,
  request: IncomingMessage,
  response: ServerResponse,
  body?: Buffer,
): Promise<void> {
  return passThrough(request, response, {
    host: moto,
    ...(body === undefined ? {} : { body }),
    unreachable: () => refuse(response, 'ServiceUnavailable', 'the lab runs no AWS any more', 503),
  });
}

function refuse(response: ServerResponse, type: string, message: string, status = 400): void {
  answerJson(response, status, { __type: type, message }, AMZ_JSON);
}
