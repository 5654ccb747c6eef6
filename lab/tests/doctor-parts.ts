import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readBody } from '#lab/aws/proxy.ts';
import { pushBlob } from '#lab/docker/push.ts';
import type { World } from '#lab/world.ts';

const digestOf = (content: Buffer): `sha256:${string}` =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/** Pushes the image again with a changed config, which gives it another digest; returns that. */
export async function pushVariant(
  world: World,
  authorization: string,
  image: { repository: string; digest: string },
  change: Record<string, unknown>,
): Promise<string> {
  const base = `http://${world.aws.registryHost}/v2/${image.repository}`;
  const ask = async (path: string, accept = '*/*'): Promise<Response> => {
    const answer = await fetch(`${base}/${path}`, { headers: { authorization, accept } });
    if (!answer.ok) throw new Error(`${path}: HTTP ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const types = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const answer = await ask(`manifests/${image.digest}`, types);
  const manifest = JSON.parse(await answer.text());
  const config = JSON.parse(await (await ask(`blobs/${manifest.config.digest}`)).text());
  const content = Buffer.from(JSON.stringify({ ...config, ...change }));
  const digest = digestOf(content);
  await pushBlob(world.registry.host, image.repository, { digest, size: content.length, content });
  const changed = Buffer.from(
    JSON.stringify({ ...manifest, config: { ...manifest.config, digest, size: content.length } }),
  );
  const put = await fetch(`${base}/manifests/${digestOf(changed)}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': answer.headers.get('content-type') ?? '' },
    body: new Uint8Array(changed),
  });
  if (!put.ok) throw new Error(`the variant is not taken: HTTP ${put.status} ${await put.text()}`);
  return digestOf(changed);
}

/** Pushes an index that has the image for another platform only; returns its digest. */
export async function pushForeign(
  world: World,
  authorization: string,
  image: { repository: string; digest: string },
): Promise<string> {
  const base = `http://${world.aws.registryHost}/v2/${image.repository}/manifests`;
  const types = 'application/vnd.docker.distribution.manifest.v2+json, application/vnd.oci.image.manifest.v1+json';
  const own = await fetch(`${base}/${image.digest}`, { headers: { authorization, accept: types } });
  const size = (await own.arrayBuffer()).byteLength;
  const mediaType = own.headers.get('content-type') ?? '';
  const platform = { os: 'linux', architecture: 'arm64' };
  const type = mediaType.includes('docker')
    ? 'application/vnd.docker.distribution.manifest.list.v2+json'
    : 'application/vnd.oci.image.index.v1+json';
  const manifests = [{ mediaType, digest: image.digest, size, platform }];
  const index = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, manifests }));
  const put = await fetch(`${base}/${digestOf(index)}`, {
    method: 'PUT',
    headers: { authorization, 'content-type': type },
    body: new Uint8Array(index),
  });
  if (!put.ok) throw new Error(`the index is not taken: HTTP ${put.status} ${await put.text()}`);
  return digestOf(index);
}

const FAULTS: Readonly<Record<string, string>> = {
  denied: 'com.amazon.coral.service#AccessDeniedException',
  absent: 'com.amazonaws.dynamodb.v20120810#ResourceNotFoundException',
  'wrong-key': 'com.amazon.coral.service#UnrecognizedClientException',
};

/** Starts a stand-in for DynamoDB that answers DescribeTable by the table's name, as AWS does; `silent` gets no answer. */
export async function startDynamoDb(address: string): Promise<{ url: string; heal(): void; close(): Promise<void> }> {
  let isWell = false;
  const server = createServer((request, response) => {
    readBody(request, 100_000).then((body) => {
      const { TableName: name = '' } = JSON.parse(body.toString('utf8'));
      const type = FAULTS[name];
      if (name === 'silent' && !isWell) return;
      const isFault = type !== undefined && !isWell;
      const answer = isFault ? { __type: type, message: name } : { Table: { TableName: name, TableStatus: 'ACTIVE' } };
      response.writeHead(isFault ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(answer));
    });
  });
  server.listen(0, address);
  await once(server, 'listening');
  return {
    url: `http://${address}:${(server.address() as AddressInfo).port}`, // it listens on TCP
    heal: () => {
      isWell = true;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
