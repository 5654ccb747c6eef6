import { NEW, OLD } from '#core/overlay/kustomization/tests/cases.ts';
import {
  BUMPED,
  ENTRY,
  FERRY,
  overlayOf,
  type Peer,
  type PeerCase,
  PLAIN,
  resourceOf,
  shipOf,
} from '#core/overlay/kustomization/tests/peers/cases.ts';

const named = overlayOf('- name: ferry', `  digest: ${OLD}`);
const renamed = overlayOf('- name: ferry', '  newName: harbour.example/ferry');
const digest = `ferry@${NEW}`;
const added = [['harbour.example/ferry\n', `harbour.example/ferry\n    digest: ${NEW}\n`]] as const;
const unmatched = /the images entry ferry matches no container/;

/** The peer renders what we do. */
function alike(name: string, base: string, images: readonly string[], more: Partial<PeerCase> = {}): PeerCase {
  return { name, overlay: PLAIN, base, changes: BUMPED, images, peer: { images }, ...more };
}

/** An entry that reaches no image: the peer leaves the base as it is and says nothing. */
function unreached(name: string, base: string, images: readonly string[], more: Partial<PeerCase> = {}): PeerCase {
  const differs = 'Slipway refuses an entry that changes no container, about which the peer says nothing';
  return { name, overlay: PLAIN, base, peer: { images }, refuses: unmatched, differs, ...more };
}

const crowd = ['ferry:3', 'ferry:latest', 'raft:1', 'ferry', `ferry@${OLD}`, 'dinghy:8'] as const;
const crowdAt = (image: string): string[] => crowd.map((one) => (one.startsWith('ferry') ? image : one));

/** Which images of a Deployment an entry takes. */
const containers: readonly PeerCase[] = [
  alike('every tag and digest of one name', shipOf(...crowd), crowdAt(digest), { overlay: named }),
  alike('every tag and digest, with a new name', shipOf(...crowd), crowdAt(FERRY)),
  alike('twice in one pod', shipOf('ferry:3', 'ferry:4'), [FERRY, FERRY]),
  alike('a name that ends alike, between two', shipOf('ferry:3', 'car-ferry@sha256:12', 'ferry:3'), [
    FERRY,
    'car-ferry@sha256:12',
    FERRY,
  ]),
  alike('a tag in braces', shipOf('ferry:{BUILT_AS}'), [FERRY]),
  alike('a tag and a digest', shipOf(`ferry:3@${OLD}`), [digest], { overlay: named }),
  alike('a tag and a digest, with a new name', shipOf(`ferry:3@${OLD}`), [FERRY]),
  alike('neither tag nor digest', shipOf('ferry'), [FERRY]),
  alike('a new name, where the base has a tag and the entry nothing', shipOf('ferry:3'), [FERRY], {
    overlay: renamed,
    changes: added,
  }),
  alike('a new name, where the base has both and the entry nothing', shipOf(`ferry:3@${OLD}`), [FERRY], {
    overlay: renamed,
    changes: added,
  }),
  alike('a suffix of tags alone', shipOf('ferry:3'), [digest], {
    overlay: overlayOf('- name: ferry', '  tagSuffix: -arm'),
    changes: [['name: ferry\n', `name: ferry\n    digest: ${NEW}\n`]],
  }),
  alike('an entry with a tag becomes one with a digest', shipOf('ferry:3'), [FERRY], {
    overlay: PLAIN.replace(`digest: ${OLD}`, 'newTag: v5'),
    changes: [['newTag: v5', `digest: ${NEW}`]],
  }),
  alike('an anchor in the manifest', shipOf('&bow ferry', '*bow'), [FERRY, FERRY]),
  {
    ...alike('an entry with a tag and a digest', shipOf(`ferry:3@${OLD}`), [FERRY], {
      overlay: `${PLAIN}    newTag: v5\n`,
      changes: [
        [OLD, NEW],
        ['    newTag: v5\n', ''],
      ],
    }),
    peer: { images: [`harbour.example/ferry:v5@${NEW}`] },
    differs: 'Slipway takes a tag beside the digest out, which no longer tells what runs',
  },
];

const job = `apiVersion: batch/v1\nkind: CronJob\nmetadata:\n  name: ship\nspec:\n  jobTemplate:\n    spec:\n      template:\n        spec:\n          containers:\n            - {name: deck, image: 'ferry:3'}\n`;
const unknown = resourceOf('Fleet', 'boats:', '  - image: ferry:3');
const knative = resourceOf('Route', 'latest:', '  container:', '    image: ferry:3');
const definition = resourceOf('CustomResourceDefinition', 'containers:', '  - image: ferry:3').replace(
  'fleet.example/v1',
  'apiextensions.k8s.io/v1',
);
const listed = (path: string, kind: string): Partial<PeerCase> => ({
  overlay: `${PLAIN}configurations:\n  - images.yaml\n`,
  beside: { 'images.yaml': `images:\n  - path: ${path}\n    kind: ${kind}\n` },
});
const outer = 'apiVersion: v1\nkind: Outer\nmetadata: {name: ship}\n';
const patch = `${PLAIN}patches:\n  - target: {kind: Deployment}\n    patch: |-\n      - op: replace\n        path: /spec/template/spec/containers/0\n        value: {name: deck, image: 'ferry:9'}\n`;

/** Where an entry looks for images. */
const fields: readonly PeerCase[] = [
  alike('a resource of any kind with containers', resourceOf('Fleet', 'containers:', '  - image: ferry:3'), [FERRY]),
  alike(
    'containers and init containers',
    resourceOf('Fleet', 'containers:', '- image: ferry:3', '- image: raft:1', 'initContainers:', '- image: ferry:3'),
    [FERRY, 'raft:1', FERRY],
  ),
  alike(
    'at two depths',
    resourceOf(
      'Fleet',
      'containers:',
      '- image: ferry:3',
      'template:',
      '  spec:',
      '    initContainers: [{image: ferry}]',
    ),
    [FERRY, FERRY],
  ),
  alike('the template of a cron job', job, [FERRY]),
  alike(
    'a volume of a pod',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: ship}\nspec:\n  volumes:\n    - {name: hold, image: {reference: ferry}}\n',
    [FERRY],
  ),
  alike(
    'a volume of a template',
    resourceOf('Fleet', 'template:', '  spec:', '    volumes: [{name: hold, image: {reference: ferry}}]'),
    [FERRY],
  ),
  unreached('a volume under another name', resourceOf('Fleet', 'disks: [{image: {reference: ferry}}]'), ['ferry'], {
    refuses: /spec\/disks\[\]\/image\/reference of Fleet ship has the image, where kustomize does not look/,
  }),
  unreached(
    'a volume under a path',
    resourceOf('Fleet', 'volumes: [{image: {reference: dock/ferry}}]'),
    ['dock/ferry'],
    {
      refuses: /the manifests call the image dock\/ferry;/,
    },
  ),
  unreached('no containers at all', resourceOf('Fleet', 'containers:'), []),
  unreached('no pods at all', 'apiVersion: v1\nkind: Service\nmetadata: {name: ship}\n', []),
  alike('containers that are not below spec', `${outer}other:\n  containers:\n    - image: ferry:3\n`, [FERRY]),
  unreached('a field of a kind of its own', unknown, ['ferry:3'], {
    refuses: /spec\/boats\[\]\/image of Fleet ship has the image/,
  }),
  alike('a field of a kind of its own, listed', unknown, [FERRY], listed('spec/boats[]/image', 'Fleet')),
  alike('a deep field of a kind of its own, listed', knative, [FERRY], listed('spec/latest/container/image', 'Route')),
  unreached('a field listed for another kind', unknown, ['ferry:3'], listed('spec/boats[]/image', 'Fleets')),
  unreached('the definition of a resource', definition, ['ferry:3'], {
    refuses: /kustomize changes no image of a CustomResourceDefinition; name the image in a workload/,
  }),
  unreached('the definition of a resource, listed', definition, ['ferry:3'], {
    ...listed('spec/containers[]/image', 'CustomResourceDefinition'),
    refuses: /kustomize changes no image of a CustomResourceDefinition/,
  }),
  alike('the definition of a resource and a workload', `${definition}---\n${shipOf('ferry:3')}`, ['ferry:3', FERRY]),
  unreached('the definition of a resource and its kind', `${definition}---\n${unknown}`, ['ferry:3', 'ferry:3'], {
    refuses: /spec\/boats\[\]\/image of Fleet ship has the image, where/,
  }),
  alike('a container that a patch puts in', shipOf('raft:1'), [FERRY], { overlay: patch }),
];

const harboured = 'quay.example:443/dock/ferry';
const harbouredEntry = overlayOf(`- name: ${harboured}`, `  digest: ${OLD}`);
const byPath = { overlay: harbouredEntry, names: { ferry: [harboured] } };
const unread = {
  refuses: /of Deployment ship has the image as ferry\S+, a tag or a digest that kustomize does not read; write ferry/,
};
/** What the newest kustomize reads, and the one that these tests run does not. */
const newer = {
  ...unread,
  differs: 'Slipway says what to write where the kustomize that it runs does not read a digest, as newer ones do',
};
const byPathAt = `${harboured}@${NEW}`;

/** When a name is an image's name. */
const matches: readonly PeerCase[] = [
  alike('the same name', shipOf('ferry'), [FERRY]),
  alike('the same name with a tag', shipOf('ferry:2026'), [FERRY]),
  alike('the same name with a digest that was cut short', shipOf('ferry@sha256:77c1'), [FERRY]),
  alike('the same name with a tag and a short digest', shipOf('ferry:3@sha256:77c1'), [FERRY]),
  unreached('another name', shipOf('raft:3'), ['raft:3'], { refuses: /matches no container; there are raft;/ }),
  unreached('another name that begins alike', shipOf('ferryman:3'), ['ferryman:3']),
  unreached('the name at the end of a path', shipOf('dock/ferry:3'), ['dock/ferry:3'], {
    refuses: /the manifests call the image dock\/ferry; write name: dock\/ferry in the entry/,
  }),
  ...['sha512:77c1', `sha512:${'d'.repeat(128)}`, 'multihash+base58:Qm77c1'].map((other) =>
    unreached(`a digest of another kind, ${other.slice(0, 20)}`, shipOf(`ferry@${other}`), [FERRY], newer),
  ),
  unreached('a tag with a digest of another kind', shipOf('ferry:3@sha512:77c1'), [FERRY], newer),
  unreached('a tag with a sign that no tag has', shipOf('ferry:3+arm'), ['ferry:3+arm'], unread),
  alike('a host', shipOf('quay.example/ferry:3'), [`quay.example/ferry@${NEW}`], {
    overlay: overlayOf('- name: quay.example/ferry', `  digest: ${OLD}`),
    names: { ferry: ['quay.example/ferry'] },
  }),
  alike('a host with a port, no tag', shipOf(harboured), [byPathAt], byPath),
  alike('a host with a port and a tag', shipOf(`${harboured}:3`), [byPathAt], byPath),
  alike('a host with a port, a tag and a digest', shipOf(`${harboured}:3@${OLD}`), [byPathAt], byPath),
  {
    ...unreached('a name that is no pattern', shipOf('ferry:3'), [FERRY]),
    overlay: overlayOf(...ENTRY, '- name: "fer["', '  newTag: v1'),
    refuses: /crashed on the name fer\[/,
    differs: 'Slipway names the entry on which the kustomize that it runs crashes; newer ones pass over it',
  },
];

/** api/filters/imagetag, api/internal/image, plugin/builtin/imagetagtransformer and api/krusty/transformersimage_test.go. */
export const imageFilter: Peer = {
  name: "kustomize's image filter",
  compares: 'images',
  cases: [...containers, ...fields, ...matches],
};
