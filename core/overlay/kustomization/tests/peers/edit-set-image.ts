import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';
import {
  BUMPED,
  ENTRY,
  NO_ADDING,
  NO_STAR,
  NO_TAGS,
  overlayOf,
  type Peer,
  type PeerCase,
  PLAIN,
  shipOf,
} from '#core/overlay/kustomization/tests/peers/cases.ts';

const bare = 'resources:\n  - ../base\n';
const tagged = overlayOf('- name: ferry', '  newName: harbour.example/ferry', '  newTag: v3');
const digestFor = [['newTag: v3', `digest: ${NEW}`]] as const;
const noDigest = /^images \(ferry\): .* is not a digest/;
const noEntry = /^overlay\/kustomization.yaml has no images entry for ferry; add these lines below images:/;
const set = (rest: string): { sets: string[] } => ({ sets: [`ferry=${rest}`] });
const sets = set(`harbour.example/ferry@${NEW}`);

/** A tag is asked for, which both have an entry for or not. */
function tagCase(name: string, tag: string, peer: string, overlay = bare): PeerCase {
  return { name, overlay, wanted: { ferry: tag }, peer: { sets: [peer] }, refuses: noDigest, differs: NO_TAGS };
}

function missing(name: string, peer: string, overlay = bare): PeerCase {
  return { name, overlay, peer: { sets: [peer] }, refuses: noEntry, differs: NO_ADDING };
}

const tags: readonly PeerCase[] = [
  tagCase('a tag and a new name', 'spring', 'ferry=harbour.example/ferry:spring'),
  tagCase('a tag that is a number', '20260', 'ferry=harbour.example/ferry:20260'),
  tagCase('a tag that is a number in scientific form', '1.7e3', 'ferry=harbour.example/ferry:1.7e3'),
  tagCase('a tag alone', 'spring', 'ferry:spring'),
  tagCase('a tag for an entry that has one', 'spring', 'ferry:spring', overlayOf('- name: ferry', '  newTag: winter')),
  tagCase('a tag for an entry with a name', 'spring', 'ferry=harbour.example/ferry:spring', tagged),
  tagCase('a tag with its digest', `spring@${NEW}`, `ferry:spring@${NEW}`, PLAIN),
  tagCase('a tag with its digest, and a name', `spring@${NEW}`, `ferry=quay.example/ferry:spring@${NEW}`, PLAIN),
];

const withoutEntry: readonly PeerCase[] = [
  missing('a digest and a new name, no images', `ferry=harbour.example/ferry@${NEW}`),
  missing('a digest alone, no images', `ferry@${NEW}`),
  missing('a digest, images empty', `ferry@${NEW}`, `${bare}images: []\n`),
  missing('a digest, images without a value', `ferry@${NEW}`, `${bare}images:\n`),
  {
    name: 'a digest, entries of other images only',
    overlay: overlayOf('- name: dinghy', '  newTag: "9"'),
    peer: { sets: [`ferry@${NEW}`] },
    refuses: /has no images entry for ferry; there are dinghy; add these lines/,
    differs: NO_ADDING,
  },
  {
    name: 'the old field imageTags',
    overlay: `${bare}imageTags:\n  - name: ferry\n    newTag: v3\n`,
    peer: { sets: [`ferry@${NEW}`] },
    refuses: /rename imageTags, which kustomize gave up, to images/,
    differs: 'Slipway changes digests alone and has a person rename an old field',
  },
];

const stars: readonly PeerCase[] = [
  { name: 'the name kept by a star, the digest new', overlay: PLAIN, peer: set(`*@${NEW}`), changes: BUMPED },
  {
    name: 'the name kept by a star, a digest for a tag',
    overlay: tagged,
    peer: set(`*@${NEW}`),
    changes: digestFor,
  },
  {
    name: 'the name kept by a star, a digest that was cut short',
    overlay: PLAIN.replace(OLD, 'sha256:77c1'),
    peer: set(`*@${NEW}`),
    changes: [['sha256:77c1', NEW]],
  },
  tagCase('the name kept by a star, a tag for a tag', 'spring', 'ferry=*:spring', tagged),
  tagCase('a star that finds no name to keep', 'spring', 'ferry=*:spring', overlayOf('- name: ferry', '  newTag: v3')),
  tagCase('a star that finds no entry', 'spring', 'ferry=*:spring'),
  {
    ...tagCase('the tag kept by a star', '*', 'ferry=quay.example/ferry:*', tagged),
    differs: NO_STAR,
  },
  { ...tagCase('a tag kept by a star that finds none', '*', 'ferry=quay.example/ferry:*'), differs: NO_STAR },
  { ...tagCase('both kept by stars', '*', 'ferry=*:*', tagged), differs: NO_STAR },
  { ...tagCase('the digest kept by a star', '*', 'ferry=quay.example/ferry@*', PLAIN), differs: NO_STAR },
];

const two = overlayOf(...ENTRY, '- name: dinghy', '  newName: harbour.example/dinghy', '  newTag: v8');
const patched = `${PLAIN}patches:\n  - target: {kind: Service}\n    patch: |-\n      - {op: remove, path: /spec/type}\n`;
const port = PLAIN.replace('harbour.example/ferry', 'localhost:5000/dock/ferry');
const dinghy = `harbour.example/dinghy@${NEW}`;

const entries: readonly PeerCase[] = [
  { name: 'a digest for a digest', overlay: PLAIN, peer: sets, changes: BUMPED },
  {
    name: 'a registry with a port and a folder',
    overlay: port,
    peer: set(`localhost:5000/dock/ferry@${NEW}`),
    changes: BUMPED,
    images: [`localhost:5000/dock/ferry@${NEW}`],
  },
  {
    name: 'the entry beside it stays',
    overlay: two,
    base: shipOf('ferry:3', 'dinghy'),
    peer: sets,
    changes: BUMPED,
    images: [`harbour.example/ferry@${NEW}`, 'harbour.example/dinghy:v8'],
  },
  { name: 'a patch below it stays', overlay: patched, peer: sets, changes: BUMPED },
  { name: 'a digest for a tag', overlay: tagged, peer: sets, changes: digestFor },
  {
    name: 'a digest for a tag that is a quoted number',
    overlay: tagged.replace('v3', '"320"'),
    peer: sets,
    changes: [['newTag: "320"', `digest: "${NEW}"`]],
  },
  {
    name: 'a digest for a tag beside a digest',
    overlay: `${PLAIN}    newTag: v3\n`,
    peer: sets,
    changes: [
      [OLD, NEW],
      ['    newTag: v3\n', ''],
    ],
  },
  {
    name: 'a digest for an entry with a name alone',
    overlay: overlayOf('- name: ferry', '  newName: harbour.example/ferry'),
    peer: sets,
    changes: [['harbour.example/ferry\n', `harbour.example/ferry\n    digest: ${NEW}\n`]],
  },
  {
    name: 'two images at once',
    overlay: two,
    base: shipOf('ferry:3', 'dinghy'),
    wanted: { ferry: NEW, dinghy: NEW },
    peer: { sets: [...sets.sets, `dinghy=${dinghy}`] },
    changes: [
      [OLD, NEW],
      ['newTag: v8', `digest: ${NEW}`],
    ],
    images: [`harbour.example/ferry@${NEW}`, dinghy],
  },
  { name: 'the digest that is there already', overlay: PLAIN.replace(OLD, NEW), peer: sets },
  {
    name: 'a digest without the name that the entry has',
    overlay: PLAIN,
    peer: { sets: [`ferry@${NEW}`] },
    changes: BUMPED,
    differs: 'Slipway keeps newName, which the peer drops where it is not said again',
  },
  {
    name: 'a suffix of tags beside it',
    overlay: PLAIN.replace('    digest', '    tagSuffix: -arm\n    digest'),
    peer: sets,
    changes: BUMPED,
  },
  {
    name: 'two entries of one name',
    overlay: overlayOf(...ENTRY, '- name: ferry', '  newTag: v3'),
    peer: sets,
    refuses: /has 2 images entries for ferry, in lines 4 and 7; keep one/,
    differs: 'Slipway has a person choose between two entries, where the peer keeps the last',
  },
];

const files: readonly PeerCase[] = [
  { name: 'a file called Kustomization', overlay: PLAIN, files: ['Kustomization'], peer: sets, changes: BUMPED },
  {
    name: 'a file called kustomization.yml',
    overlay: PLAIN,
    files: ['kustomization.yml'],
    peer: sets,
    changes: BUMPED,
  },
  {
    name: 'two kustomizations',
    overlay: PLAIN,
    files: ['kustomization.yaml', 'kustomization.yml'],
    beside: { 'kustomization.yml': PLAIN },
    peer: sets,
    refuses: /has kustomization.yaml and kustomization.yml: keep one/,
  },
  { name: 'no kustomization', overlay: PLAIN, files: ['notes.txt'], peer: sets, refuses: /has no kustomization.yaml/ },
  {
    name: 'no arguments',
    overlay: PLAIN,
    wanted: {},
    peer: { sets: [] },
    images: [`harbour.example/ferry@${OLD}`],
    differs: 'Slipway has nothing to write for no image; the input of the action refuses an empty list',
  },
  {
    name: 'arguments that name no image',
    overlay: PLAIN,
    wanted: { old: 'rope' },
    peer: { sets: ['old', 'rope'] },
    refuses: /is not a digest/,
  },
  {
    name: 'a file that is not YAML',
    overlay: 'resources: [../base\nimages: }\n',
    peer: sets,
    refuses: /is not valid YAML/,
  },
  { name: 'an empty file', overlay: '', peer: sets, refuses: /is not a kustomization/, differs: NO_ADDING },
];

/** kustomize/commands/edit/set/setimage_test.go; the peer writes the whole file again, so what it renders is compared. */
export const editSetImage: Peer = {
  name: 'kustomize edit set image',
  compares: 'images',
  cases: [...tags, ...withoutEntry, ...stars, ...entries, ...files],
};
