import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { listUntruths, trace } from '#core/verdict/tests/traced.ts';

const folder = join(import.meta.dirname, 'traces');
const files = readdirSync(folder);
const read = (file: string) => trace.parse(JSON.parse(readFileSync(join(folder, file), 'utf8')));

describe('what the real controller wrote in each situation is judged by its truth', () => {
  test('all sixteen situations are here', () => {
    const numbers = new Set(files.map((file) => file.slice(0, 2)));
    expect([...numbers].sort()).toEqual(Array.from({ length: 16 }, (_one, at) => String(at + 1).padStart(2, '0')));
  });

  test.each(files)('%s', (file) => {
    const traced = read(file);
    expect(Object.keys(traced.words).length).toBeGreaterThan(0);
    expect(listUntruths(traced)).toEqual([]);
  });

  test('another truth is seen to be missed', () => {
    const traced = read('05-image-pull-back-off.json');
    expect(listUntruths({ ...traced, words: { b1: 'running' } })).toHaveLength(2);
  });
});
