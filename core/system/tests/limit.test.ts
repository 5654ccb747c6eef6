import { expect, test } from '@jest/globals';
import { createLimit, createQueue } from '#core/system/limit.ts';

/** Returns work that ends when it is told to, and what has begun. */
function createWork() {
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const begin = (name: string) => () =>
    new Promise<string>((resolve, reject) => {
      begun.push(name);
      ends.set(name, (error) => (error === undefined ? resolve(name) : reject(error)));
    });
  const end = async (name: string, error?: Error) => {
    ends.get(name)?.(error);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { begun, begin, end };
}

test('as many run as may, and the others follow in their order', async () => {
  const { begun, begin, end } = createWork();
  const run = createLimit(2);
  const all = ['a', 'b', 'c', 'd'].map((name) => run(begin(name)));
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('a');
  await end('c');
  await end('d');
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('places that are free again are taken, and no more', async () => {
  const { begun, begin, end } = createWork();
  const run = createLimit(1);
  const all = [run(begin('a'))];
  await end('a');
  all.push(run(begin('b')), run(begin('c')));
  expect(begun).toEqual(['a', 'b']);
  await end('b'); // c has its place now
  all.push(run(begin('d')));
  expect(begun).toEqual(['a', 'b', 'c']);
  await end('c');
  await end('d');
  expect(await Promise.all(all)).toEqual(['a', 'b', 'c', 'd']);
});

test('after a failure none begins, and each that waits fails with it', async () => {
  const { begun, begin, end } = createWork();
  const run = createLimit(2);
  const all = Promise.allSettled(['a', 'b', 'c', 'd'].map((name) => run(begin(name))));
  const error = new Error('no');
  await end('a', error);
  await end('b');
  const failed = { status: 'rejected', reason: error };
  expect(await all).toEqual([failed, { status: 'fulfilled', value: 'b' }, failed, failed]);
  expect(begun).toEqual(['a', 'b']);
});

test('a queue runs one at a time, and goes on after one that fails', async () => {
  const { begun, begin, end } = createWork();
  const run = createQueue();
  const [first, second] = [run(begin('a')), run(begin('b'))];
  const failed = expect(first).rejects.toThrow('broken');
  await new Promise((resolve) => setImmediate(resolve));
  expect(begun).toEqual(['a']);
  await end('a', new Error('broken'));
  await failed;
  expect(begun).toEqual(['a', 'b']);
  await end('b');
  expect(await second).toBe('b');
});
