import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';
import {
  BUMPED,
  ENTRY,
  FERRY,
  NO_ADDING,
  NO_TAGS,
  overlayOf,
  type Peer,
  type PeerCase,
  PLAIN,
  shipOf,
} from '#core/overlay/kustomization/tests/peers/cases.ts';

const digest = `ferry@${NEW}`;
const named = overlayOf('- name: ferry', `  digest: ${OLD}`);
const sorted = overlayOf(`- digest: ${OLD}`, '  name: ferry');
const flush = `images:\n- name: ferry\n  digest: ${OLD}\nresources:\n- ../base\n`;
const bare = 'resources:\n  - ../base\n';
const noDigest = /is not a digest/;
const noEntry = /has no images entry for ferry/;

/** A digest takes the other's place in the text, and the peer writes the same text. */
function same(name: string, overlay: string, more: Partial<PeerCase> = {}): PeerCase {
  const images = [overlay.includes('newName') ? FERRY : digest];
  return { name, overlay, changes: BUMPED, images, peer: { text: overlay.replaceAll(OLD, NEW) }, ...more };
}

/** The forms of the file that the peer's write-back keeps. */
const forms: readonly PeerCase[] = [
  same('keys in the order of the alphabet', sorted),
  same('keys in another order', named),
  same('a list that is not indented', flush),
  same('a list that is indented', `images:\n    - name: ferry\n      digest: ${OLD}\nresources: [../base]\n`),
  same('the digest that is there', named.replace(OLD, NEW), { changes: [] }),
  same('blank lines between sections', flush.replace('resources', '\nresources')),
  same('several blank lines', flush.replace('resources', '\n\n\nresources')),
  same('blank lines before the images', `kind: Kustomization\n\n${flush}`),
  same('a blank line within the entry', named.replace('    digest', '\n    digest')),
  same('the mark of a document', `---\n${flush}`),
  same('the mark of a document with a comment', `--- # harbour\n${flush}`),
  same('the mark behind a comment', `# harbour\n---\n${flush}`),
  same('a comment without a mark', `# harbour\n${flush}`),
  same('a blank line without a mark', `\n${flush}`),
  same('the mark behind a blank line', `\n---\n${flush}`),
  same('the mark behind a directive', `%YAML 1.1\n---\n${flush}`),
  same('a mark that is not at the start of its line is none', `commonAnnotations:\n  line: |\n    ---\n${flush}`),
  {
    name: 'no file',
    overlay: named,
    files: ['deployment.yaml'],
    peer: 'refuses',
    refuses: /has no kustomization.yaml/,
  },
  {
    name: 'two documents in the file',
    overlay: `${flush}---\n${flush}`,
    peer: 'refuses',
    refuses: /a second document begins here/,
  },
  {
    name: 'two files',
    overlay: named,
    files: ['kustomization.yaml', 'Kustomization'],
    beside: { Kustomization: named },
    peer: { text: named.replace(OLD, NEW) }, // which kustomize then refuses
    refuses: /has kustomization.yaml and Kustomization: keep one/,
  },
];

const deep = 'quay.example:9443/dock/ferry';
const account = '1204.ecr.example.com/ferry';
const byPath = (name: string): Partial<PeerCase> => ({ base: shipOf(`${name}:3`), names: { ferry: [name] } });
const at = (name: string): Partial<PeerCase> => ({ ...byPath(name), images: [`${name}@${NEW}`] });
const entryOf = (name: string): string => overlayOf(`- name: ${name}`, `  digest: ${OLD}`);

/** A tag is asked for. */
function tagCase(name: string, overlay: string, peer: string): PeerCase {
  return { name, overlay, wanted: { ferry: 'v9' }, peer: { text: peer }, refuses: noDigest, differs: NO_TAGS };
}

/** What an override of the peer, `name=other:tag@digest`, asks for. */
const overrides: readonly PeerCase[] = [
  { ...tagCase('a tag for a path', entryOf(deep), overlayOf(`- name: ${deep}`, '  newTag: v9')), ...byPath(deep) },
  tagCase('a tag and a new name', PLAIN, PLAIN.replace(`digest: ${OLD}`, 'newTag: v9')),
  tagCase('a tag where there is none', bare, `${bare}images:\n- name: ferry\n  newTag: v9\n`),
  same('a digest for a path with a port', entryOf(deep), at(deep)),
  same('a digest for an account', entryOf(account), at(account)),
  same('a digest for a short name of a path', PLAIN.replace('harbour.example/ferry', deep), {
    images: [`${deep}@${NEW}`],
  }),
  same(
    'a digest for a name that moved between registries',
    overlayOf(`- name: ${deep}`, `  newName: ${account}`, `  digest: ${OLD}`),
    {
      ...byPath(deep),
      images: [`${account}@${NEW}`],
    },
  ),
  {
    name: 'a name and a digest where there is nothing',
    overlay: bare,
    peer: { text: `${bare}images:\n- name: ferry\n  newName: harbour.example/ferry\n  digest: ${NEW}\n` },
    refuses: noEntry,
    differs: NO_ADDING,
  },
  {
    name: 'a digest where there is nothing',
    overlay: bare,
    peer: { text: `${bare}images:\n- name: ferry\n  digest: ${NEW}\n` },
    refuses: noEntry,
    differs: NO_ADDING,
  },
  {
    name: 'a name alone where there is nothing',
    overlay: bare,
    wanted: {},
    images: ['ferry:3'],
    peer: { text: `${bare}images:\n- name: ferry\n` },
    differs: 'Slipway writes no entry that changes nothing',
  },
  {
    name: 'an override without the name that the entry has',
    overlay: PLAIN,
    changes: BUMPED,
    peer: { text: named.replace(OLD, NEW) },
    differs: 'Slipway keeps newName, which the peer drops where its override has none',
  },
  {
    name: 'the same image twice in one order',
    overlay: overlayOf('- name: ferry', '- name: ferry', `  digest: ${OLD}`),
    peer: { text: named.replace(OLD, NEW) },
    refuses: /has 2 images entries for ferry/,
    differs: 'Slipway has a person choose between two entries, which the peer merges',
  },
  {
    name: 'an extra file of the name kustomization.yml',
    ...{ overlay: PLAIN, files: ['kustomization.yml'], changes: BUMPED },
    peer: { text: PLAIN.replace(OLD, NEW) },
  },
];

const pair = overlayOf(
  ...ENTRY,
  '- name: dock/ferry',
  '  newName: harbour.example/ferry',
  `  digest: sha256:${'e'.repeat(64)}`,
);
const lifts = overlayOf(
  '- name: lift-a',
  '  newName: harbour.example/lift',
  '  newTag: a',
  '- name: lift-b',
  '  newName: harbour.example/lift',
  '  newTag: b',
);
const lift = (digest: string): string => `harbour.example/lift@${digest}`;
const LATER = `sha256:${'f'.repeat(64)}`;
const hub = 'docker.io/library/ferry';
const byName = 'Slipway takes an entry for an image only by a name that slipway.yaml lists, and says which to add';

/** Which entry an image means. */
const identities: readonly PeerCase[] = [
  {
    name: 'two names that one image has, each with a digest of its own',
    overlay: lifts,
    base: shipOf('lift-a', 'lift-b'),
    wanted: { 'lift-a': NEW, 'lift-b': LATER },
    peer: { text: lifts.replace('newTag: a', `digest: ${NEW}`).replace('newTag: b', `digest: ${LATER}`) },
    changes: [
      ['newTag: a', `digest: ${NEW}`],
      ['newTag: b', `digest: ${LATER}`],
    ],
    images: [lift(NEW), lift(LATER)],
  },
  {
    name: 'one of two names that one image has',
    overlay: lifts,
    base: shipOf('lift-a', 'lift-b'),
    wanted: { lift: NEW },
    names: { lift: ['lift-a'] },
    peer: { text: lifts.replace('newTag: a', `digest: ${NEW}`) },
    changes: [['newTag: a', `digest: ${NEW}`]],
    images: [lift(NEW), 'harbour.example/lift:b'],
  },
  same('a name that is the end of another', pair, {
    base: shipOf('ferry', 'dock/ferry'),
    images: [FERRY, `harbour.example/ferry@sha256:${'e'.repeat(64)}`],
  }),
  {
    name: 'a name that another begins with',
    overlay: entryOf('ferryman'),
    base: shipOf('ferryman'),
    peer: { text: `${entryOf('ferryman')}  - name: ferry\n    digest: ${NEW}\n` },
    refuses: noEntry,
    differs: NO_ADDING,
  },
  {
    name: 'the hub by its full name and by none',
    overlay: entryOf(hub),
    base: shipOf(`${hub}:3`),
    peer: { text: entryOf(hub).replace(OLD, NEW) },
    refuses:
      /its entry in line 4 is called docker.io\/library\/ferry; add names: \[docker.io\/library\/ferry\] to ferry/,
    differs: byName,
  },
  {
    name: 'an organisation of the hub with the host and without',
    overlay: entryOf('docker.io/dock/ferry'),
    ...byPath('dock/ferry'),
    base: shipOf('docker.io/dock/ferry:3'),
    peer: { text: entryOf('docker.io/dock/ferry').replace(OLD, NEW) },
    refuses: /its entry in line 4 is called docker.io\/dock\/ferry/,
    differs: byName,
  },
  same('the hub by its full name, which is listed', entryOf(hub), at(hub)),
  {
    name: 'the same path in another registry',
    overlay: entryOf('quay.example/ferry'),
    base: shipOf('harbour.example/ferry'),
    names: { ferry: ['harbour.example/ferry'] },
    peer: { text: `${entryOf('quay.example/ferry')}  - name: harbour.example/ferry\n    digest: ${NEW}\n` },
    refuses: /its entry in line 4 is called quay.example\/ferry; add names/,
    differs: NO_ADDING,
  },
  {
    name: 'an image that the overlay does not list',
    overlay: PLAIN,
    wanted: { raft: NEW },
    peer: { text: PLAIN },
    refuses: /has no images entry for raft/,
    differs: 'Slipway refuses an image that it cannot write, which the peer passes over',
  },
];

const both = overlayOf('- name: ferry', '  newTag: trixie', `  digest: ${OLD}`);

/** Tags beside digests, which the peer writes as well where it follows a tag by its digest. */
const digests: readonly PeerCase[] = [
  {
    name: 'a digest for a tag',
    overlay: overlayOf('- name: ferry', '  newTag: trixie'),
    changes: [['newTag: trixie', `digest: ${NEW}`]],
    images: [digest],
    peer: { text: both.replace(OLD, NEW) },
    differs: 'Slipway has the digest take the place of the tag, which the peer keeps beside it',
  },
  {
    name: 'a digest for a tag and a digest',
    overlay: both,
    changes: [
      ['    newTag: trixie\n', ''],
      [OLD, NEW],
    ],
    images: [digest],
    peer: { text: both.replace(OLD, NEW) },
    differs: 'Slipway takes a tag beside the digest out, which the peer keeps',
  },
  same('a tag whose digest is there', both.replace(OLD, NEW), { changes: [], images: [`ferry:trixie@${NEW}`] }),
  same('two images, of which one is new', overlayOf(...ENTRY, '- name: raft', `  digest: ${NEW}`), {
    base: shipOf('ferry:3', 'raft'),
    wanted: { ferry: NEW, raft: NEW },
    images: [FERRY, `raft@${NEW}`],
  }),
  same('a workload without a tag', PLAIN, { base: shipOf('ferry') }),
  same('a job, which no status names', PLAIN, {
    base: 'apiVersion: batch/v1\nkind: Job\nmetadata: {name: ship}\nspec:\n  template:\n    spec:\n      containers: [{name: deck, image: ferry}]\n',
  }),
];

/** Argo CD Image Updater: pkg/argocd/git_test.go and update_test.go, registry-scanner/pkg/image/kustomize_test.go. */
export const imageUpdater: Peer = {
  name: "Argo CD Image Updater's write-back",
  compares: 'text',
  cases: [...forms, ...overrides, ...identities, ...digests],
};
