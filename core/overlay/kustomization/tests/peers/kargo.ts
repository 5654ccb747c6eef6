import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';
import {
  BUMPED,
  ENTRY,
  FERRY,
  NO_ADDING,
  NO_STAR,
  NO_TAGS,
  overlayOf,
  type Peer,
  type PeerCase,
  PLAIN,
  shipOf,
} from '#core/overlay/kustomization/tests/peers/cases.ts';

const bare = 'kind: Kustomization\nresources:\n  - ../base\n';
const named = overlayOf('- name: ferry', `  digest: ${OLD}`);
const tagged = overlayOf('- name: ferry', '  newTag: v3');
const digest = `ferry@${NEW}`;
const noDigest = /is not a digest/;
const noEntry = /has no images entry for/;
const NO_SORTING = 'Slipway leaves the entries in their order, which the peer sorts by their names';

/** A tag is asked for; `peer` is the peer's text. */
function tagCase(name: string, overlay: string, peer: string, tag = 'v9'): PeerCase {
  return { name, overlay, wanted: { ferry: tag }, peer: { text: peer }, refuses: noDigest, differs: NO_TAGS };
}

/** A step that the peer's schema refuses, as ours refuses its input. */
function invalid(name: string, text: string): PeerCase {
  return { name, overlay: PLAIN, wanted: { ferry: text }, peer: 'refuses', refuses: noDigest };
}

const steps: readonly PeerCase[] = [
  invalid('neither tag nor digest', ''),
  invalid('a tag and a digest at once', `v9@${NEW}`),
  {
    name: 'an image without a name',
    overlay: PLAIN,
    wanted: { '': NEW },
    peer: 'refuses',
    refuses: noEntry,
  },
  {
    ...invalid('a digest of any text', 'the-digest'),
    peer: { text: named.replace(OLD, 'the-digest') },
    differs: 'Slipway takes sha256 and 64 digits alone for a digest, where the peer takes any text',
  },
  tagCase('a tag', named, overlayOf('- name: ferry', '  newTag: v9')),
  { name: 'a digest', overlay: named, changes: BUMPED, images: [digest], peer: { text: named.replace(OLD, NEW) } },
  {
    name: 'a digest for a tag',
    overlay: tagged,
    changes: [['newTag: v3', `digest: ${NEW}`]],
    images: [digest],
    peer: { text: named.replace(OLD, NEW) },
  },
  {
    name: 'a digest and a new name',
    overlay: PLAIN,
    changes: BUMPED,
    peer: { text: PLAIN.replace(OLD, NEW) },
  },
  {
    name: 'no images at all',
    overlay: PLAIN,
    wanted: {},
    images: [FERRY.replace(NEW, OLD)],
    peer: { text: PLAIN },
  },
  {
    name: 'a digest without the name that the entry has',
    overlay: PLAIN,
    changes: BUMPED,
    peer: { text: named.replace(OLD, NEW) },
    differs: 'Slipway keeps newName, which the peer drops where the step has none',
  },
];

const dinghy = ['- name: dinghy', '  newTag: v8'] as const;
const swapped = overlayOf('- name: ferry', `  digest: ${OLD}`, ...dinghy);
const ordered = overlayOf(...dinghy, '- name: ferry', `  digest: ${OLD}`);
const fleet = shipOf('dinghy', 'ferry:3');
const quay = overlayOf('- name: quay.example/ferry', `  digest: ${OLD}`);
const three = overlayOf(...dinghy, ...ENTRY, '- name: raft', `  digest: ${OLD}`);

/** How entries are put together. */
const merges: readonly PeerCase[] = [
  {
    name: 'an entry beside another one, sorted',
    overlay: ordered,
    base: fleet,
    changes: BUMPED,
    images: ['dinghy:v8', digest],
    peer: { text: ordered.replace(OLD, NEW) },
  },
  {
    name: 'an entry beside another one, not sorted',
    overlay: swapped,
    base: fleet,
    changes: BUMPED,
    images: ['dinghy:v8', digest],
    peer: { text: ordered.replace(OLD, NEW) },
    differs: NO_SORTING,
  },
  {
    name: 'an entry that no step names',
    overlay: ordered,
    base: fleet,
    wanted: { dinghy: NEW },
    changes: [['newTag: v8', `digest: ${NEW}`]],
    images: [`dinghy@${NEW}`, `ferry@${OLD}`],
    peer: { text: ordered.replace('newTag: v8', `digest: ${NEW}`) },
  },
  {
    name: 'two entries at once',
    overlay: three,
    base: shipOf('dinghy', 'ferry:3', 'raft'),
    wanted: { ferry: NEW, raft: NEW },
    changes: [[`${OLD}\n  - name: raft\n    digest: ${OLD}`, `${NEW}\n  - name: raft\n    digest: ${NEW}`]],
    images: ['dinghy:v8', FERRY, `raft@${NEW}`],
    peer: { text: three.replaceAll(OLD, NEW) },
  },
  {
    name: 'one entry that is there and one that is not',
    overlay: named,
    wanted: { ferry: NEW, raft: NEW },
    peer: { text: `${named.replace(OLD, NEW)}  - name: raft\n    digest: ${NEW}\n` },
    refuses: /has no images entry for raft; .*add these lines/,
    differs: NO_ADDING,
  },
  {
    name: 'no images',
    overlay: bare,
    peer: { text: `${bare}images:\n  - name: ferry\n    digest: ${NEW}\n` },
    refuses: noEntry,
    differs: NO_ADDING,
  },
  tagCase('no images, and a tag', bare, `${bare}images:\n  - name: ferry\n    newTag: v9\n`),
  {
    name: 'a registry in the name, which is listed',
    overlay: quay,
    base: shipOf('quay.example/ferry:3'),
    names: { ferry: ['quay.example/ferry'] },
    changes: BUMPED,
    images: [`quay.example/ferry@${NEW}`],
    peer: { text: quay.replace(OLD, NEW) },
  },
  {
    name: 'an image that the manifests call by another name',
    overlay: quay,
    base: shipOf('quay.example/ferry:3'),
    peer: { text: `${overlayOf('- name: ferry', `  digest: ${NEW}`)}${quay.slice(quay.indexOf('  - name'))}` },
    refuses: /add names: \[quay.example\/ferry\] to ferry in slipway.yaml/,
    differs: NO_ADDING,
  },
  {
    name: 'the name kept by a star',
    overlay: PLAIN,
    changes: BUMPED,
    peer: { text: PLAIN.replace(OLD, NEW) },
  },
  { ...tagCase('the tag kept by a star', tagged, tagged, '*'), differs: NO_STAR },
  { ...tagCase('the digest kept by a star', named, named, '*'), differs: NO_STAR },
  {
    name: 'two entries of one name',
    overlay: overlayOf('- name: ferry', '  newTag: v3', '- name: ferry', `  digest: ${OLD}`),
    peer: { text: named.replace(OLD, NEW) },
    refuses: /has 2 images entries for ferry, in lines 4 and 6; keep one/,
    differs: 'Slipway has a person choose between two entries, of which the peer makes one',
  },
];

/** What a release brings: each of its images, with a tag and a digest where the registry gave both. */
const freight = overlayOf(...dinghy, '- name: ferry', `  digest: ${OLD}`, '- name: raft', '  newTag: v2');

const releases: readonly PeerCase[] = [
  {
    name: 'images of several origins at once',
    overlay: freight,
    base: shipOf('dinghy', 'ferry:3', 'raft'),
    wanted: { raft: NEW, ferry: NEW },
    changes: [
      [OLD, NEW],
      ['newTag: v2', `digest: ${NEW}`],
    ],
    images: ['dinghy:v8', digest, `raft@${NEW}`],
    peer: { text: freight.replace(OLD, NEW).replace('newTag: v2', `digest: ${NEW}`) },
  },
  {
    name: 'an image whose tag and digest are both known',
    overlay: named,
    changes: BUMPED,
    images: [digest],
    peer: { text: named.replace(`digest: ${OLD}`, `newTag: v9\n    digest: ${NEW}`) },
    differs: 'Slipway writes the digest alone, to which the peer adds the tag that it came from',
  },
];

const files: readonly PeerCase[] = [
  {
    name: 'a list where a mapping is due',
    overlay: `${named}    - newTag: v3\n`,
    peer: 'refuses',
    refuses: /is not valid YAML/,
  },
  {
    name: 'images that are no list',
    overlay: `${bare}images: ferry\n`,
    peer: 'refuses',
    refuses: /images is not a list/,
  },
  {
    name: 'a file called Kustomization',
    overlay: named,
    files: ['Kustomization'],
    changes: BUMPED,
    images: [digest],
    peer: { text: named.replace(OLD, NEW) },
  },
  {
    name: 'a file called kustomization.yml',
    overlay: named,
    files: ['kustomization.yml'],
    changes: BUMPED,
    images: [digest],
    peer: { text: named.replace(OLD, NEW) },
  },
  {
    name: 'two files',
    overlay: named,
    files: ['kustomization.yaml', 'Kustomization'],
    peer: 'refuses',
    refuses: /has kustomization.yaml and Kustomization: keep one of them/,
  },
  { name: 'no file', overlay: named, files: [], peer: 'refuses', refuses: /has no kustomization.yaml/ },
];

/** Kargo's step kustomize-set-image: pkg/promotion/runner/builtin/kustomize_image_setter_test.go. */
export const kargo: Peer = {
  name: "Kargo's kustomize-set-image",
  compares: 'values',
  cases: [...steps, ...merges, ...releases, ...files],
};
