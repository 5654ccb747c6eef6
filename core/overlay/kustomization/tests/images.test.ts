import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { proveChange } from '#core/overlay/kustomization/proof.ts';
import { findKustomize, type Kustomize, renderOverlay } from '#core/overlay/kustomization/render.ts';
import { type OverlayCase, overlays } from '#core/overlay/kustomization/tests/overlays.ts';
import { createExec, type Exec } from '#core/system/exec.ts';
import type { Digest } from '#core/values/reference.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

const digests: Readonly<Record<string, Digest>> = {
  'discord-bot': `sha256:${'b'.repeat(64)}`,
  'dev-sandbox': `sha256:${'c'.repeat(64)}`,
};
const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: main, image: ${name}}]}\n`;

let root: string;
let exec: Exec;
let kustomize: Kustomize;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-overlays-'));
  exec = createExec({ PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}`, HOME: root });
  kustomize = await findKustomize(exec);
  write('base', {
    'kustomization.yaml': 'resources: [bot.yaml, sandbox.yaml]\n',
    'bot.yaml': pod('discord-bot'),
    'sandbox.yaml': pod('dev-sandbox'),
  });
});

afterAll(() => rmSync(root, { recursive: true }));

function write(folder: string, files: Record<string, string>): string {
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  }
  return join(root, folder);
}

function wantedOf(overlay: OverlayCase): Map<string, Digest> {
  return new Map(
    (overlay.bumped ?? ['discord-bot']).map((image) => [image, digests[image] ?? `sha256:${'d'.repeat(64)}`]),
  );
}

/** Lines that stand in one text only, as a line diff counts them: removed or added, whichever is more. */
function countChangedLines(before: string, after: string): number {
  const [one, other] = [before.split('\n'), after.split('\n')];
  let start = 0;
  while (start < one.length && one[start] === other[start]) start++;
  let end = 0;
  while (end < Math.min(one.length, other.length) - start && one.at(-1 - end) === other.at(-1 - end)) end++;
  const rest = (lines: string[]): string[] => lines.slice(start, lines.length - end);
  const kept = rest(one).filter((line) => rest(other).includes(line)).length;
  return Math.max(rest(one).length, rest(other).length) - kept;
}

describe('an overlay as people write it', () => {
  for (const [index, overlay] of overlays.entries()) {
    test(overlay.name, async () => {
      const wanted = wantedOf(overlay);
      const file = overlay.file ?? 'kustomization.yaml';
      const { text, changes } = setDigests(overlay.text, file, wanted);
      expect(countChangedLines(overlay.text, text)).toBeLessThanOrEqual(overlay.changedLines ?? wanted.size);
      const [before, after] = await Promise.all(
        [overlay.text, text].map((content, which) =>
          renderOverlay(
            { exec, kustomize },
            write(`o${index}-${which}`, { ...overlay.beside, [file]: content }),
            'overlay',
          ),
        ),
      );
      if (before === undefined || after === undefined) throw new Error('not rendered');
      const containers = proveChange(before, after, changes, 'overlay');
      expect(containers).toHaveLength(wanted.size);
      const images = after.documents.map((document) => parse(document).spec.containers[0].image);
      for (const digest of wanted.values())
        expect(images.filter((image) => image.endsWith(`@${digest}`))).toHaveLength(1);
      expect(images.filter((image) => /:[^/@]+@/.test(image.replace(/:\d+\//, '/')))).toEqual([]);
      expect(setDigests(text, file, wanted)).toEqual({ text, changes: [] });
    });
  }
});
