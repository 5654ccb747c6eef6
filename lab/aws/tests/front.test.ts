import { createHash, randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Digest } from '#core/values/reference.ts';
import { createFaults, type Faults } from '#lab/aws/faults.ts';
import { createFront, type RegistryRequest } from '#lab/aws/front.ts';
import { digestOf, type Images, type PutOutcome } from '#lab/aws/images.ts';
import { createTokens } from '#lab/aws/tokens.ts';
import { type LoopbackServer, listen } from '#lab/supervisor/http.ts';

const known = digestOf(Buffer.from('a manifest'));
const other: Digest = `sha256:${'1'.repeat(64)}`;

let upstream: LoopbackServer;
let front: LoopbackServer;
let faults: Faults;
let reached: string[];
let seen: RegistryRequest[];
let putOutcome: PutOutcome;
let authorization: string;

/** One repository, `app`, with one image, tagged `one`. */
const images: Images = {
  hasRepository: async (name) => name === 'app',
  find: async (repository, reference) => {
    if (repository !== 'app') return 'no-repository';
    return [known, 'one'].includes(reference) ? known : 'no-image';
  },
  tags: async () => ['one'],
  put: async (repository) => (repository === 'app' ? putOutcome : { outcome: 'no-repository' }),
  forget: async () => {},
  alone: (_repository, work) => work(),
};

beforeEach(async () => {
  reached = [];
  seen = [];
  faults = createFaults();
  putOutcome = { outcome: 'stored', digest: known };
  upstream = await listen(async (request, response) => {
    const hash = createHash('sha256');
    for await (const chunk of request) hash.update(chunk);
    reached.push(`${request.method} ${request.url}`);
    response.writeHead(200, {
      'x-body': hash.digest('hex'),
      'x-host': request.headers.host,
      'x-range': request.headers.range ?? '',
    });
    response.end('from the registry');
  });
  const tokens = createTokens();
  front = await listen(createFront({ registry: upstream.host, images, tokens, faults, seen }));
  authorization = `Basic ${tokens.issue().token}`;
});

afterEach(async () => {
  await front.close();
  await upstream.close();
});

const ask = (path: string, options: RequestInit = {}) =>
  fetch(`http://${front.host}${path}`, { ...options, headers: { authorization, ...options.headers } });

describe('login', () => {
  test.each([
    ['without credentials', ''],
    ['with wrong ones', `Basic ${Buffer.from('AWS:wrong').toString('base64')}`],
  ])('%s every path is 401 and asks for Basic', async (_name, header) => {
    for (const [method, path] of [
      ['GET', '/v2/'],
      ['HEAD', '/v2/app/manifests/one'],
      ['PUT', '/v2/app/manifests/two'],
      ['POST', '/v2/app/blobs/uploads/'],
    ] as const) {
      const headers = header === '' ? {} : { authorization: header };
      const body = method === 'PUT' ? { body: '{}' } : {};
      const answer = await fetch(`http://${front.host}${path}`, { method, headers, ...body });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="http:\/\/127\.0\.0\.1:\d+\/"/);
    }
    expect(reached).toEqual([]);
  });

  test('with a valid token it is let in', async () => {
    const answer = await ask('/v2/');
    expect([answer.status, answer.headers.get('docker-distribution-api-version')]).toEqual([200, 'registry/2.0']);
  });
});

describe('a repository that does not exist', () => {
  test.each([
    ['GET', '/v2/nope/manifests/one'],
    ['PUT', '/v2/nope/manifests/one'],
    ['POST', '/v2/nope/blobs/uploads/'],
    ['GET', `/v2/nope/blobs/${known}`],
    ['GET', '/v2/nope/tags/list'],
  ])('%s %s names the repository', async (method, path) => {
    const answer = await ask(path, { method, ...(method === 'PUT' ? { body: '{}' } : {}) });
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      errors: [
        {
          code: 'NAME_UNKNOWN',
          message: "The repository with name 'nope' does not exist in the registry with id '123456789012'",
        },
      ],
    });
    expect(reached).toEqual([]);
  });

  test('an image that is not there is MANIFEST_UNKNOWN', async () => {
    const answer = await ask('/v2/app/manifests/absent');
    expect(answer.status).toBe(404);
    expect(await answer.json()).toEqual({
      errors: [{ code: 'MANIFEST_UNKNOWN', message: 'Requested image not found' }],
    });
  });
});

describe('manifests', () => {
  test('a tag is asked for by the digest that the records give', async () => {
    await ask('/v2/app/manifests/one');
    expect(reached).toEqual([`GET /v2/app/manifests/${known}`]);
  });

  test('one that is stored is answered with its digest and its place', async () => {
    const answer = await ask('/v2/app/manifests/one', { method: 'PUT', body: 'a manifest' });
    expect(answer.status).toBe(201);
    expect(answer.headers.get('docker-content-digest')).toBe(known);
    expect(answer.headers.get('location')).toBe(`http://${front.host}/v2/app/manifests/${known}`);
  });

  test('a tag that is taken is refused in the words of ECR', async () => {
    putOutcome = { outcome: 'tag-taken', by: other };
    const answer = await ask('/v2/app/manifests/one', { method: 'PUT', body: 'a manifest' });
    const message =
      "The image tag 'one' already exists in the 'app' repository and cannot be overwritten because the tag is immutable.";
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ errors: [{ code: 'TAG_INVALID', message }] });
  });

  test('a digest that is not that of the body is refused', async () => {
    expect((await ask(`/v2/app/manifests/${other}`, { method: 'PUT', body: 'a manifest' })).status).toBe(400);
    expect((await ask(`/v2/app/manifests/${known}`, { method: 'PUT', body: 'a manifest' })).status).toBe(201);
  });

  test('what the registry says against one is passed back', async () => {
    const body = Buffer.from('{"errors":[{"code":"MANIFEST_BLOB_UNKNOWN"}]}');
    putOutcome = { outcome: 'refused', status: 400, contentType: 'application/json', body };
    const answer = await ask('/v2/app/manifests/one', { method: 'PUT', body: 'a manifest' });
    expect([answer.status, await answer.text()]).toEqual([400, body.toString()]);
  });

  test('none is deleted here', async () => {
    expect((await ask(`/v2/app/manifests/${known}`, { method: 'DELETE' })).status).toBe(405);
  });
});

describe('layers', () => {
  test('pass through whole, with Host and Range as the client sent them, and are counted', async () => {
    const bytes = randomBytes(20 * 1024 * 1024);
    const answer = await ask('/v2/app/blobs/uploads/x', {
      method: 'PATCH',
      body: bytes,
      headers: { range: 'bytes=5-' },
    });
    expect(await answer.text()).toBe('from the registry');
    expect(answer.headers.get('x-body')).toBe(createHash('sha256').update(bytes).digest('hex'));
    expect([answer.headers.get('x-host'), answer.headers.get('x-range')]).toEqual([front.host, 'bytes=5-']);
    expect(seen).toEqual([{ method: 'PATCH', path: '/v2/app/blobs/uploads/x', status: 200, sent: bytes.length }]);
  });

  test.each(['?mount=sha256:1&from=other', '?from=other&mount=sha256:1'])(
    'are not mounted from another repository: %s',
    async (query) => {
      await ask(`/v2/app/blobs/uploads/${query}`, { method: 'POST' });
      expect(reached).toEqual(['POST /v2/app/blobs/uploads/']);
    },
  );

  test('an upload keeps its state', async () => {
    await ask('/v2/app/blobs/uploads/x?_state=abc&digest=sha256:1', { method: 'PUT', body: '' });
    expect(reached).toEqual(['PUT /v2/app/blobs/uploads/x?_state=abc&digest=sha256:1']);
  });
});

describe('faults', () => {
  test('meet as many requests as they say, and only those that they are meant for', async () => {
    faults.fail({ status: 429, times: 2, match: /^GET .*manifests/ });
    const statuses = [];
    for (const path of ['/v2/', '/v2/app/manifests/one', '/v2/app/manifests/one', '/v2/app/manifests/one']) {
      statuses.push((await ask(path)).status);
    }
    expect(statuses).toEqual([200, 429, 429, 200]);
  });

  test('are over when they are lifted', async () => {
    const lift = faults.fail({ status: 500, times: Number.POSITIVE_INFINITY });
    expect((await ask('/v2/')).status).toBe(500);
    lift();
    expect((await ask('/v2/')).status).toBe(200);
  });

  test('a dropped request reaches nothing, a dropped answer comes after the work', async () => {
    faults.fail({ drop: 'request' });
    await expect(ask('/v2/app/manifests/one')).rejects.toThrow();
    expect(reached).toHaveLength(0);
    faults.fail({ drop: 'answer' });
    await expect(ask('/v2/app/manifests/one')).rejects.toThrow();
    expect(reached).toHaveLength(1);
    expect((await ask('/v2/app/manifests/one')).status).toBe(200);
  });
});

test('a registry that is down is 503, for reading and for writing', async () => {
  await upstream.close();
  expect((await ask('/v2/app/manifests/one')).status).toBe(503);
  expect((await ask('/v2/app/blobs/uploads/', { method: 'POST' })).status).toBe(503);
});
