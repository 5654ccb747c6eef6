import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { findBrokenPattern, findOverride } from '#core/overlay/kustomization/explain.ts';
import { setDigests } from '#core/overlay/kustomization/images.ts';
import { proveChange, UnmatchedEntry } from '#core/overlay/kustomization/proof.ts';
import { findKustomizationFile } from '#core/overlay/kustomization/references.ts';
import {
  findKustomize,
  type Kustomize,
  KustomizeCrash,
  type Rendered,
  renderOverlay,
} from '#core/overlay/kustomization/render.ts';
import { NEW } from '#core/overlay/kustomization/tests/cases.ts';
import { FERRY, type Peer, type PeerCase, shipOf } from '#core/overlay/kustomization/tests/peers/cases.ts';
import { editSetImage } from '#core/overlay/kustomization/tests/peers/edit-set-image.ts';
import { imageFilter } from '#core/overlay/kustomization/tests/peers/image-filter.ts';
import { imageUpdater } from '#core/overlay/kustomization/tests/peers/image-updater.ts';
import { kargo } from '#core/overlay/kustomization/tests/peers/kargo.ts';
import { CommandError, createExec } from '#core/system/exec.ts';
import { describeError, isExpected, Refusal } from '#core/values/errors.ts';
import { parseDigest } from '#core/values/reference.ts';
import { kustomizeFolder } from '#tests/support/tenant.ts';

/** The tests of other tools that set images, translated into inputs of our own. */
const peers: readonly Peer[] = [editSetImage, imageFilter, imageUpdater, kargo];

const exec = createExec({ ...process.env, PATH: `${kustomizeFolder}:${process.env['PATH'] ?? ''}` });
let root = '';
let kustomize: Kustomize;

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'slipway-peers-'));
  kustomize = await findKustomize(exec);
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What one side makes of a case. */
type Outcome = { readonly refusal: string } | { readonly text?: string; readonly images: readonly string[] };

describe.each(peers)('$name', (peer) => {
  test.each(peer.cases)('$name', async (one) => {
    const place = join(root, `${peer.name}-${peer.cases.indexOf(one)}`);
    const ours = await settle(() => bump(one, place));
    expect(ours).toEqual(expectation(one));
    const theirs = await settle(() => ask(one, `${place}-peer`));
    const isSame = isAlike(ours, theirs, peer.compares);
    expect({ differs: !isSame, ours, theirs }).toEqual({ differs: one.differs !== undefined, ours, theirs });
  });

  test('its cases have names of their own, and its differences are said', () => {
    const differing = peer.cases.filter(({ differs }) => differs !== undefined);
    expect(new Set(peer.cases.map(({ name }) => name)).size).toBe(peer.cases.length);
    for (const { differs } of differing) expect(differs).toMatch(/^Slipway .{20,}[^.]$/);
    process.stdout.write(`${peer.name}: ${peer.cases.length} cases, ${differing.length} known differences\n`);
  });
});

test('there are at least 100 cases', () => {
  expect(peers.flatMap(({ cases }) => cases).length).toBeGreaterThanOrEqual(100);
});

/** As an overlay is bumped: the digests are checked and set, and the change is proven by rendering. */
async function bump(one: PeerCase, place: string): Promise<Outcome> {
  const names = one.files ?? ['kustomization.yaml'];
  const file = findKustomizationFile(names, 'overlay');
  const path = `overlay/${file}`;
  const inputs = Object.entries(one.wanted ?? { ferry: NEW });
  const wanted = new Map(inputs.map(([image, text]) => [image, parseDigest(`images (${image})`, text)]));
  const { text, changes } = setDigests(one.overlay, path, wanted, { names: new Map(Object.entries(one.names ?? {})) });
  const own = { path, text };
  const others = Object.entries({ '../base/ship.yaml': one.base ?? shipOf('ferry:3'), ...one.beside });
  try {
    const before = await render(one, one.overlay, place);
    const after = await render(one, text, place);
    if (changes.length > 0) proveChange(before, after, changes, 'overlay');
    return { text, images: listImages(after) };
  } catch (error) {
    if (error instanceof KustomizeCrash)
      throw new Refusal(`crashed on the name ${findBrokenPattern(own)?.name}`, { cause: error });
    if (!(error instanceof UnmatchedEntry)) throw error;
    const sources = others.map(([name, content]) => ({ path: join('overlay', name), text: content }));
    throw findOverride(error.change, own, sources) ?? error;
  }
}

/** The peer's own result: it is run where it can be, and rendered where it is a text. */
async function ask(one: PeerCase, place: string): Promise<Outcome> {
  const { peer } = one;
  if (peer === 'refuses') return { refusal: 'the peer refuses' };
  if ('images' in peer) return { images: peer.images };
  if ('text' in peer) return { text: peer.text, images: listImages(await render(one, peer.text, place)) };
  const folder = write(one, one.overlay, place);
  await exec(['kustomize', 'edit', 'set', 'image', ...peer.sets], { cwd: folder });
  return { images: listImages(await renderOverlay({ exec, kustomize }, folder, 'overlay')) };
}

async function settle(call: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await call();
  } catch (error) {
    if (isExpected(error) || error instanceof CommandError) return { refusal: describeError(error) };
    throw error;
  }
}

function expectation({ overlay, changes = [], images = [FERRY], refuses }: PeerCase): Outcome {
  if (refuses !== undefined) return { refusal: expect.stringMatching(refuses) as unknown as string }; // a matcher
  const text = changes.reduce((rest, [from, to]) => {
    expect(rest.split(from)).toHaveLength(2);
    return rest.replace(from, to);
  }, overlay);
  return { text, images };
}

function isAlike(ours: Outcome, theirs: Outcome, compares: Peer['compares']): boolean {
  if ('refusal' in ours || 'refusal' in theirs) return 'refusal' in ours && 'refusal' in theirs;
  if (!isDeepStrictEqual(ours.images, theirs.images)) return false;
  if (theirs.text === undefined || ours.text === undefined || compares === 'images') return true;
  return compares === 'text' ? ours.text === theirs.text : isDeepStrictEqual(parse(ours.text), parse(theirs.text));
}

/** Writes the case's files with `text` as its kustomization; returns the overlay's folder. */
function write(one: PeerCase, text: string, place: string): string {
  const [name = 'kustomization.yaml'] = one.files ?? [];
  const files = {
    [`../base/kustomization.yaml`]: 'resources: [ship.yaml]\n',
    [`../base/ship.yaml`]: one.base ?? shipOf('ferry:3'),
    ...one.beside,
    [name]: text,
  };
  const folder = join(place, 'overlay');
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

function render(one: PeerCase, text: string, place: string): Promise<Rendered> {
  return renderOverlay({ exec, kustomize }, write(one, text, place), 'overlay');
}

function listImages({ documents }: Rendered): string[] {
  return [...documents.join('\n').matchAll(/^[ -]*(?:image|reference): *(\S+)/gm)].map((match) => match[1] ?? '');
}
