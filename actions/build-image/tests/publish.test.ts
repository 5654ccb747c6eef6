import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openOciRegistry } from '#core/registry/oci-registry.ts';
import type { PushRegistry } from '#core/registry/registry.ts';
import type { Digest } from '#core/values/reference.ts';
import { createTestClock, type TestClock } from '#tests/support/clock.ts';
import { startTestRegistry, type TestRegistry } from '#tests/support/registry.ts';
import { silentLog } from '#tests/support/silent-log.ts';
import type { Docker } from '../src/engine/docker.ts';
import { type Built, type PublishPorts, publish, pushImage } from '../src/publish.ts';

const TAG = 'in-abc';
const SOURCE_TAG = 'git-def';

let server: TestRegistry;
let clock: TestClock;

beforeEach(async () => {
  server = await startTestRegistry();
  clock = createTestClock();
});
afterEach(() => server.close());

const built = (local: string): Built => ({ local, repository: 'bot', tag: TAG, sourceTag: SOURCE_TAG });

/** An engine whose push stores a manifest that is its own, after `wait`. */
function engine(push: (local: string, remote: string) => Promise<void>): Docker {
  const never = () => Promise.reject(new Error('not used here'));
  return { push, ensureImage: never, tag: never, readLabel: never, removeImages: never, listNames: never };
}

function ports(immutable: boolean, push: (local: string, remote: string) => Promise<void>): PublishPorts {
  const plain = openOciRegistry(server.host, { clock, random: () => 0, environment: {}, mask: () => {} });
  const registry: PushRegistry = { ...plain, hasImmutableTags: async () => immutable };
  if (immutable) server.refuseMovedTags();
  return { registry, docker: engine(push), clock, random: () => 0, log: silentLog };
}

const store = (local: string, tag = TAG): Digest =>
  server.put('bot', tag, { schemaVersion: 2, mediaType: 'application/vnd.oci.image.manifest.v1+json', local });
/** What the docker client does at a registry that does not move tags. */
const pushOnce = async (local: string) => {
  if (server.find('bot', TAG) !== undefined) throw new Error('tag invalid: the image tag already exists');
  store(local);
};
const tags = () => [server.find('bot', TAG), server.find('bot', SOURCE_TAG)];

test('a registry that turns out not to move tags ends the run at once, naming both digests', async () => {
  const first = store('theirs', SOURCE_TAG);
  server.fail({ match: /^PUT/, status: 412, body: '{"errors":[{"code":"PRECONDITION"}]}', times: 9 });
  const message = await publish(
    built('mine'),
    ports(false, async (local) => void store(local)),
  ).catch(String);
  expect(message).toContain(`the tag ${SOURCE_TAG} of bot has the digest ${first} and not ${server.find('bot', TAG)}`);
  expect(server.requests.filter(({ method }) => method === 'PUT')).toHaveLength(1);
});

describe.each([true, false])('with immutable tags: %s', (immutable) => {
  test('both tags have the digest that was pushed', async () => {
    const result = await publish(
      built('mine'),
      ports(immutable, async (local) => void store(local)),
    );
    expect(result).toEqual({ digest: server.find('bot', TAG), adopted: false });
    expect(tags()).toEqual([result.digest, result.digest]);
  });

  test('an earlier build of the same inputs is adopted without a push', async () => {
    const there = store('earlier');
    let pushes = 0;
    const result = await publish(
      built('mine'),
      ports(immutable, async () => void pushes++),
    );
    expect(result).toEqual({ digest: there, adopted: true });
    expect(pushes).toBe(0);
    expect(tags()).toEqual([there, there]);
  });

  test('a push that fails twice is tried again, later each time', async () => {
    let pushes = 0;
    const result = await publish(
      built('mine'),
      ports(immutable, async (local) => {
        if (++pushes < 3) throw new Error('received unexpected HTTP status: 503 Service Unavailable');
        store(local);
      }),
    );
    expect(result.adopted).toBe(false);
    expect(clock.slept.slice(0, 2)).toEqual([500, 1_000]);
  });

  test('a push whose answer got lost, but which arrived, is a push', async () => {
    const result = await publish(
      built('mine'),
      ports(immutable, async (local) => {
        store(local);
        throw new Error('EOF');
      }),
    );
    expect(tags()).toEqual([result.digest, result.digest]);
  });

  test('a push that never arrives is refused with its reason', async () => {
    const down = ports(immutable, () => Promise.reject(new Error('connection refused')));
    const error: unknown = await publish(built('mine'), down).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      name: 'Refusal',
      message: expect.stringMatching(/could not be pushed in \d+ attempts/),
    });
    expect(error).toMatchObject({ cause: { message: 'connection refused' } });
    expect(tags()).toEqual([undefined, undefined]);
  });

  test.each([
    [401, 'no login to write bot blobs'],
    [403, 'no right to write bot blobs'],
  ])('a push after which the registry answers %i to an upload is not tried again', async (status, words) => {
    const denied = ports(immutable, () => Promise.reject(new Error('exit code 1')));
    server.fail({ match: /^POST \/v2\/bot\/blobs\/uploads\/$/, status, times: 9 });
    await expect(publish(built('mine'), denied)).rejects.toThrow(words);
    expect(clock.slept).toEqual([]);
  });

  test('the client’s words decide nothing: the registry is asked', async () => {
    let pushes = 0;
    const result = await publish(
      built('mine'),
      ports(immutable, async (local) => {
        if (++pushes < 2) throw new Error('denied: unauthorized: no basic auth credentials');
        store(local);
      }),
    );
    expect(tags()).toEqual([result.digest, result.digest]);
    expect(pushes).toBe(2);
  });
});

test('immutable: the build that comes second adopts the first one’s digest', async () => {
  const two = ports(true, async (local) => {
    store('rival');
    await pushOnce(local);
  });
  const result = await publish(built('mine'), two);
  expect(result).toEqual({ digest: server.find('bot', TAG), adopted: true });
  expect(tags()[1]).toBe(result.digest);
});

test('immutable: a commit’s tag with another digest is refused, naming both digests', async () => {
  const two = ports(true, async (local) => void store(local));
  const other = store('other', SOURCE_TAG);
  const message = await publish(built('mine'), two).catch(String);
  expect(message).toContain(other);
  expect(message).toContain(server.find('bot', TAG));
  expect(message).toContain('push a new commit');
});

describe('movable tags: two builds of one commit end with one digest', () => {
  /** A rival that does all of it at one point of our own publishing. */
  const rival = async () => {
    await publish(
      built('rival'),
      ports(false, async (local) => void store(local)),
    );
  };

  test('the rival is done before our push arrives, and we overwrite its tag', async () => {
    const late = ports(false, async (local) => {
      await rival();
      store(local);
    });
    const result = await publish(built('mine'), late);
    expect(result.adopted).toBe(true);
    expect(tags()).toEqual([result.digest, result.digest]);
  });

  test.each([1, 2, 3, 4, 5, 6])('the rival’s push arrives at our request number %i', async (nth) => {
    let pushed = false;
    const mine = ports(false, async (local) => {
      store(local);
      pushed = true;
    });
    let count = 0;
    const find: PushRegistry['findDigest'] = async (repository, reference) => {
      if (pushed && ++count === nth) store('rival');
      return mine.registry.findDigest(repository, reference);
    };
    const result = await publish(built('mine'), { ...mine, registry: { ...mine.registry, findDigest: find } });
    const after = await publish(
      built('rival'),
      ports(false, async () => {}),
    );
    expect(after.digest).toBe(result.digest);
    expect(tags()).toEqual([result.digest, result.digest]);
  });

  test('ten at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        publish(
          built(`build ${index}`),
          ports(false, async (local) => void store(local)),
        ),
      ),
    );
    const digests = new Set([...all.map((one) => one.digest), ...tags()]);
    expect(digests.size).toBe(1);
  });
});

test('a dependency layer is pushed under one tag', async () => {
  const { digest } = await pushImage(
    { local: 'deps', repository: 'bot', tag: 'deps-1' },
    ports(false, async () => void store('deps', 'deps-1')),
  );
  expect(server.find('bot', 'deps-1')).toBe(digest);
});
