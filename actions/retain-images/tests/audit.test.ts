import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeFailure } from '../src/failure.ts';
import type { Retention } from '../src/run.ts';
import { build, keepTag, openWorld, SAFE_RULES, type World } from './world.ts';

let world: World;
beforeEach(() => {
  world = openWorld();
});
afterEach(() => world.close());

const changesOf = (retention: Retention): string[] =>
  retention.repositories.flatMap(({ image, changes }) => changes.map(({ tag, change }) => `${image} ${tag} ${change}`));
const statesOf = (retention: Retention, image = 'bot'): Record<string, string> =>
  Object.fromEntries(
    retention.repositories
      .filter((repository) => repository.image === image)
      .flatMap(({ protectedImages }) => protectedImages.map(({ digest, state }) => [digest, state])),
  );
const LIST = 'application/vnd.oci.image.index.v1+json';

describe('the audit', () => {
  test('names who needs an image that is gone, and keeps the others', async () => {
    world.push('bot', 2);
    const lost = world.release('staging', 'bot', 1);
    const again = world.release('production', 'bot', 1);
    world.release('production', 'bot', 2);
    const retention = await world.retain();
    expect(retention.outcome).toBe('endangered');
    expect(statesOf(retention)).toEqual({ [build(1)]: 'gone', [build(2)]: 'kept' });
    expect(describeFailure(retention)).toBe(
      `bot@${build(1)} is not in the registry, staging (overlay, release ${lost.slice(0, 7)}) and production (release ${again.slice(0, 7)}) cannot get it: push it again if anybody still has it, else release another one there`,
    );
    expect(changesOf(retention)).toEqual([`bot ${keepTag(2)} added`]);
  });

  test('names what is archived, with the command that restores it, and does not stop for it', async () => {
    world.images.setPolicy('bot', [
      ...SAFE_RULES,
      {
        rulePriority: 3,
        selection: {
          tagStatus: 'any',
          storageClass: 'archive',
          countType: 'sinceImageTransitioned',
          countUnit: 'days',
          countNumber: 90,
        },
        action: { type: 'expire' },
      },
    ]);
    world.push('bot', 1, { status: 'archived', archivedAt: world.now });
    world.push('bot', 2);
    world.release('staging', 'bot', 1);
    world.release('production', 'bot', 2);
    const retention = await world.retain();
    expect(statesOf(retention)).toEqual({ [build(1)]: 'archived', [build(2)]: 'kept' });
    expect(describeFailure(retention)).toContain(
      `aws ecr update-image-storage-class --repository-name bot --image-id imageDigest=${build(1)}`,
    );
    expect(changesOf(retention)).toEqual([`bot ${keepTag(2)} added`]);
  });

  test('finds the lost child of a manifest list', async () => {
    world.push('bot', 1, { mediaType: LIST, children: [build(2)] });
    world.release('production', 'bot', 1);
    const retention = await world.retain();
    expect(describeFailure(retention)).toContain(
      `bot@${build(2)} is not in the registry, the manifest list ${build(1)} cannot get it`,
    );
  });

  test('says the first ten, and how many more', async () => {
    for (let number = 1; number <= 12; number++) world.release('production', 'bot', number);
    const failure = describeFailure(await world.retain({ releases: 12 })) ?? '';
    expect(failure.match(/is not in the registry/g)).toHaveLength(10);
    expect(failure).toMatch(/; and 2 more, see the job's summary$/);
  });
});

describe('a branch that moves meanwhile', () => {
  test('is read again: what it needs now is kept, too', async () => {
    world.push('bot', 1);
    world.push('bot', 2);
    world.release('production', 'bot', 1);
    const { list } = world.images;
    let isFirst = true;
    world.images.list = async (repository) => {
      if (isFirst) world.release('production', 'bot', 2);
      isFirst = false;
      return list(repository);
    };
    const retention = await world.retain();
    expect(changesOf(retention)).toEqual([`bot ${keepTag(1)} added`, `bot ${keepTag(2)} added`]);
    expect(retention.outcome).toBe('changed');
  });
});

describe('refuses', () => {
  test('an image that slipway.yaml does not have', async () => {
    await expect(world.retain({ images: ['bott'] })).rejects.toThrow(
      'image: "bott" is not an image of slipway.yaml; did you mean "bot"?',
    );
  });

  test('a branch that is not there', async () => {
    await expect(world.retain({ branch: 'gone' })).rejects.toThrow('branch: the repository has no branch "gone"');
  });

  test.each([
    ['image: bot', 'is not a list of holds'],
    ['- {image: bot, digest: latest}', 'digest: "latest" is not a digest'],
    ['- [', 'is not YAML'],
  ])('the holds %j', async (text, message) => {
    world.commit({ 'overlays/staging/holds.yaml': text });
    await expect(world.retain()).rejects.toThrow('overlays/staging/holds.yaml:1: ');
    await expect(world.retain()).rejects.toThrow(message);
  });

  test('a tag that another image got meanwhile', async () => {
    world.push('bot', 1);
    world.release('production', 'bot', 1);
    world.images.addTag = async () => 'taken';
    await expect(world.retain()).rejects.toThrow(
      `the tag ${keepTag(1)} of bot was given to another image while this ran`,
    );
  });

  test('a registry without lifecycle policies', async () => {
    const plain = openWorld('{type: oci, host: "registry.example"}');
    await expect(plain.retain()).rejects.toThrow('the registry of slipway.yaml is registry.example');
    plain.close();
  });
});
