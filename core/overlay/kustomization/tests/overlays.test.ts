import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { proveChange } from '#core/overlay/kustomization/proof.ts';
import { findKustomize, type Kustomize, type Rendered, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { listOverlayCases, NEW, type OverlayCase } from '#core/overlay/kustomization/tests/cases.ts';
import { createExec } from '#core/system/exec.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

const cases = listOverlayCases();
const exec = createExec({ ...process.env, PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` });
let folder = '';
let kustomize: Kustomize;

beforeAll(async () => {
  kustomize = await findKustomize(exec);
  folder = mkdtempSync(join(tmpdir(), 'overlays-'));
  cpSync(join(import.meta.dirname, 'fixtures'), folder, { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('there are at least 50 overlays', () => expect(cases.length).toBeGreaterThanOrEqual(50));

test.each(cases)('$name', async (overlay) => {
  const bytes = readFileSync(overlay.file);
  const before = bytes.toString('utf8');
  const wanted = new Map(Object.keys(overlay.images).map((image) => [image, NEW]));
  const { text, changes } = setDigests(before, overlay.file, wanted);

  expectOnlyDigests(bytes, Buffer.from(text, 'utf8'), overlay);
  expect(changes.map((change) => text.split('\n')[change.line - 1])).toEqual(
    changes.map(() => expect.stringMatching(/digest/i)),
  );
  expect(setDigests(text, overlay.file, wanted)).toEqual({ text, changes: [] });

  const copy = join(folder, 'valid', overlay.name);
  const was = await renderOverlay({ exec, kustomize }, copy, overlay.name);
  writeFileSync(join(copy, basename(overlay.file)), text);
  const is = await renderOverlay({ exec, kustomize }, copy, overlay.name);
  for (const { reference, containers } of Object.values(overlay.images)) {
    expect(countImages(was, `${reference}@${NEW}`)).toBe(0);
    expect(countImages(is, `${reference}@${NEW}`)).toBe(containers);
  }
  const total = Object.values(overlay.images).reduce((sum, { containers }) => sum + containers, 0);
  expect(countChangedLines(was, is)).toBe(total);
  const proven = proveChange(was, is, changes, overlay.name);
  expect(proven.length).toBe(total);
});

function countImages(rendered: Rendered, reference: string): number {
  const lines = rendered.documents.join('\n').split('\n');
  return lines.filter((line) => line.trim().replace(/^- /, '') === `image: ${reference}`).length;
}

function countChangedLines(was: Rendered, is: Rendered): number {
  const [one, other] = [was, is].map(({ documents }) => documents.join('\n---\n').split('\n'));
  expect(one?.length).toBe(other?.length);
  return one?.filter((line, index) => line !== other?.[index]).length ?? 0;
}

/** Compares bytes, one character each: lines that both have are equal, what went and came is a digest and nothing else. */
function expectOnlyDigests(before: Buffer, after: Buffer, overlay: OverlayCase): void {
  const { removed, added } = compareLines(linesOf(before), linesOf(after));
  const count = Object.keys(overlay.images).length;
  expect(added.length).toBeLessThanOrEqual(overlay.lines ?? count);
  expect(removed.length + added.length).toBeLessThanOrEqual(overlay.lines ?? 2 * count);
  const ends = new Set(linesOf(before).map(lineEndOf));
  for (const line of added) expect(ends).toContain(lineEndOf(line));
  if (removed.length !== added.length) return;
  for (const [index, went] of removed.entries()) {
    const came = added[index] ?? '';
    if (!isInsertion(went, came)) expect(withoutTag(went, overlay).map(blank)).toContain(blank(came));
  }

  function blank(text: string): string {
    const words = ['newTag', 'digest', 'DIGEST', ...(overlay.old === undefined ? [] : [overlay.old])];
    return words.reduce((rest, word) => rest.replaceAll(word, ''), text.replace(/sha256:[0-9a-f]{64}/g, ''));
  }
}

/** True where nothing but a digest, with or without its key, was put between two characters. */
function isInsertion(went: string, came: string): boolean {
  const length = came.length - went.length;
  const starts = Array.from({ length: went.length + 1 }, (_, start) => start);
  return starts.some((start) => {
    const isElsewhereEqual = came.slice(0, start) + came.slice(start + length) === went;
    return (
      isElsewhereEqual && /^(, )?(["']?digest["']?:)? ?["']?sha256:b{64}["']?$/.test(came.slice(start, start + length))
    );
  });
}

/** What a line may look like when its tag went, comma and all. */
function withoutTag(line: string, { old }: OverlayCase): string[] {
  return old === undefined
    ? [line]
    : [line, ...[`newTag: ${old}, `, `, newTag: ${old}`, `newTag: ${old} `].map((tag) => line.replace(tag, ''))];
}

function lineEndOf(line: string): string {
  return line.match(/\r?\n$/)?.[0] ?? '';
}

function linesOf(bytes: Buffer): string[] {
  return bytes.toString('latin1').split(/(?<=\n)/);
}

/** The longest common subsequence of lines, told by what is left of both sides. */
function compareLines(one: readonly string[], other: readonly string[]): { removed: string[]; added: string[] } {
  const lengths = Array.from({ length: one.length + 1 }, () => new Array<number>(other.length + 1).fill(0));
  const at = (row: number, column: number): number => lengths[row]?.[column] ?? 0;
  for (let row = one.length - 1; row >= 0; row--) {
    for (let column = other.length - 1; column >= 0; column--) {
      const isEqual = one[row] === other[column];
      const best = isEqual ? at(row + 1, column + 1) + 1 : Math.max(at(row + 1, column), at(row, column + 1));
      (lengths[row] ?? [])[column] = best;
    }
  }
  const [removed, added]: [string[], string[]] = [[], []];
  let [row, column] = [0, 0];
  while (row < one.length || column < other.length) {
    if (row < one.length && one[row] === other[column]) [row, column] = [row + 1, column + 1];
    else if (row < one.length && at(row + 1, column) >= at(row, column + 1)) removed.push(one[row++] ?? '');
    else if (column < other.length) added.push(other[column++] ?? '');
    else removed.push(one[row++] ?? '');
  }
  return { removed, added };
}
