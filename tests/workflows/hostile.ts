const CHECKOUT = 'actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1';
const PIN = '0123456789abcdef0123456789abcdef01234567';

/** A workflow that keeps every rule: a job that reads, one that builds, one that writes. */
export const good = `name: Good
on:
  push:
    branches: [main]
permissions: {}
jobs:
  test:
    runs-on: ubuntu-24.04
    timeout-minutes: 10
    permissions:
      contents: read # the source
    steps:
      - uses: ${CHECKOUT} # v7.0.1
        with:
          persist-credentials: false
      - run: npm test
  build:
    runs-on: ubuntu-24.04
    timeout-minutes: 20
    permissions:
      id-token: write # the registry
    steps:
      - uses: ./actions/build-image
        with:
          image: discord-bot
  bump:
    runs-on: ubuntu-24.04
    timeout-minutes: 30
    permissions:
      contents: write # the commit
    concurrency:
      group: bump
      queue: max
      cancel-in-progress: false
    steps:
      - uses: ./actions/bump-overlay
        with:
          images: discord-bot=x
`;

/** Rule, YAML style, what is replaced in {@link good}, and by what. */
export type HostileRow = readonly [rule: string, style: string, find: string, replacement: string];

const ON = 'on:\n  push:\n    branches: [main]\n';
const TEST = '      - run: npm test\n';
const BUILT = '      - uses: ./actions/build-image\n';
const BUMPED = '      - uses: ./actions/bump-overlay\n';
const TIMED = '    timeout-minutes: 10\n';
const CONCURRENCY = '    concurrency:\n      group: bump\n      queue: max\n      cancel-in-progress: false\n';
const READ_STEP = `      - uses: ${CHECKOUT} # v7.0.1\n        with:\n          persist-credentials: false\n`;

/** One breach each; every rule in two styles at least. */
export const hostile: readonly HostileRow[] = [
  ['yaml', 'a key twice', TIMED, `${TIMED}${TIMED}`],
  ['yaml', 'a second document', 'images: discord-bot=x\n', 'images: discord-bot=x\n---\nname: Better\n'],
  ['yaml', 'a merge key', TEST, '      - &step {run: npm test}\n      - <<: *step\n        name: Again\n'],
  ['yaml', 'a tag', TEST, '      - run: !!binary ZWNobyAkeyAKe2dpdGh1Yn19\n'],
  ['yaml', 'a directive', 'name: Good\n', '%TAG !x! tag:x,2026:\n---\nname: Good\n'],
  ['yaml', 'a version', 'name: Good\n', '%YAML 1.2\n---\nname: Good\n'],
  ['a trigger', 'absent', ON, ''],
  ['a trigger', 'empty flow', ON, 'on: {}\n'],
  ['no rights on top', 'flow', 'permissions: {}', 'permissions: {contents: read}'],
  ['no rights on top', 'scalar', 'permissions: {}', 'permissions: write-all'],
  ['no rights on top', 'absent', 'permissions: {}\n', ''],
  ['triggers', 'block', ON, 'on:\n  pull_request_target:\n'],
  ['triggers', 'flow list, quoted key', ON, '"on": [push, "pull_request_target"]\n'],
  ['triggers', 'scalar', ON, 'on: workflow_run\n'],
  ['triggers', 'flow mapping over lines', ON, "'on': {\n  push: {},\n  'workflow_run': {workflows: [CI]}\n}\n"],
  ['triggers', 'alias', `name: Good\n${ON}`, 'name: &event workflow_run\non: *event\n'],
  ['triggers', 'block list, escaped', ON, 'on:\n  - push\n  - "workflow\\u005frun"\n'],
  ['secrets on top', 'block', ON, `${ON}env:\n  TOKEN: \${{ secrets.TOKEN }}\n`],
  ['secrets on top', 'flow', ON, `${ON}env: {TOKEN: "\${{ secrets['TOKEN'] }}"}\n`],
  ['scripts on top', 'block', ON, `${ON}defaults:\n  run:\n    shell: \${{ github.ref }}\n`],
  ['scripts on top', 'flow', ON, `${ON}defaults: {run: {shell: "bash -c \${{ github.ref }} {0}"}}\n`],
  ['every run has its turn on top', 'block', ON, `${ON}concurrency:\n  group: all\n  cancel-in-progress: false\n`],
  ['every run has its turn on top', 'flow', ON, `${ON}"concurrency": {group: all, cancel-in-progress: false}\n`],
  [
    'never cancelled on top',
    'block',
    ON,
    `${ON}concurrency:\n  group: all\n  queue: max\n  cancel-in-progress: true\n`,
  ],
  [
    'never cancelled on top',
    'flow',
    ON,
    `${ON}concurrency: {group: all, queue: max, cancel-in-progress: "\${{ true }}"}\n`,
  ],
  ['pins', 'tag', READ_STEP, READ_STEP.replace(/@[0-9a-f]{40}/, '@v7')],
  ['pins', 'without its version', READ_STEP, READ_STEP.replace(' # v7.0.1', '')],
  ['pins', 'flow', TEST, '      - {uses: actions/github-script@v9} # v9.0.0\n'],
  ['pins', 'quoted key', TEST, `      - "uses": 'actions/github-script@main'\n`],
  ['pins', 'folded', TEST, '      - uses: >-\n          actions/github-script@v9\n'],
  ['pins', 'anchor', TEST, '      - &step\n        uses: actions/github-script@v9\n      - *step\n'],
  [
    'pins',
    'the version inside a text',
    TEST,
    `      - uses: "a/b@${PIN}" #\n      - name: "# v1.0.0"\n        run: x\n`,
  ],
  ['pins', 'the version in a text on its line', TEST, `      - {uses: a/b@${PIN}, name: "x # v1.0.0"}\n`],
  [
    'pins',
    'two on a line, one version',
    'jobs:\n',
    `jobs:\n  two: {runs-on: ubuntu-24.04, timeout-minutes: 1, permissions: {}, steps: [{uses: a/b@${PIN}}, {uses: c/d@${PIN}}]} # v1.0.0\n`,
  ],
  ['pins', 'alias', TEST, '      - name: &action a/b@v1\n        run: x\n      - uses: *action\n'],
  [
    'pins',
    'a reusable workflow',
    'jobs:\n',
    'jobs:\n  call:\n    permissions: {}\n    uses: a/b/.github/workflows/c.yml@v1\n',
  ],
  ['a reason for each right', 'block', 'contents: read # the source', 'contents: read'],
  ['a reason for each right', 'empty comment', 'contents: read # the source', 'contents: read #'],
  [
    'a reason for each right',
    'flow',
    '    permissions:\n      contents: read # the source\n',
    '    permissions: {contents: read, actions: read} # both\n',
  ],
  ['inputs', 'block', 'image: discord-bot', 'picture: discord-bot'],
  [
    'inputs',
    'flow',
    `${BUILT}        with:\n          image: discord-bot\n`,
    '      - {uses: ./actions/build-image, with: {picture: x}}\n',
  ],
  ['inputs', 'an action that does not exist', BUILT, BUILT.replace('build-image', 'build-images')],
  ['inputs', 'another case of its folder', BUILT, BUILT.replace('build-image', 'Build-Image')],
  [
    'inputs in lower case',
    'block',
    'persist-credentials: false',
    'persist-credentials: false\n          PERSIST-CREDENTIALS: true',
  ],
  [
    'inputs in lower case',
    'flow, quoted',
    TEST,
    `      - {uses: actions/github-script@${PIN}, with: {"Script": "x(\${{ github.head_ref }})"}} # v9.0.0\n`,
  ],
  ['timeout', 'block', TIMED, ''],
  ['timeout', 'null', TIMED, '    timeout-minutes: # soon\n'],
  ['rights of its own', 'absent', '    permissions:\n      contents: read # the source\n', ''],
  [
    'rights of its own',
    'scalar',
    '    permissions:\n      contents: read # the source\n',
    '    "permissions": read-all\n',
  ],
  ['every run has its turn', 'block', '      queue: max\n', ''],
  ['every run has its turn', 'flow', CONCURRENCY, '    concurrency: {group: bump, cancel-in-progress: false}\n'],
  ['never cancelled', 'block', 'cancel-in-progress: false', 'cancel-in-progress: true'],
  [
    'never cancelled',
    'flow',
    CONCURRENCY,
    '    concurrency: {group: bump, queue: max, "cancel-in-progress": "${{ true }}"}\n',
  ],
  ['builders do not write', 'block', BUMPED, `${BUILT}${BUMPED}`],
  ['builders do not write', 'flow, another spelling', BUMPED, `      - {uses: ./actions//build-image/}\n${BUMPED}`],
  ['a bump runs no commands', 'block', BUMPED, `      - run: npm ci\n${BUMPED}`],
  ['a bump runs no commands', 'flow', BUMPED, `      - {"run": npm ci}\n${BUMPED}`],
  ['checkout', 'true', 'persist-credentials: false', 'persist-credentials: true'],
  ['checkout', 'absent', READ_STEP, READ_STEP.split('        with')[0] ?? ''],
  [
    'checkout',
    'flow',
    READ_STEP,
    `      - {uses: ${CHECKOUT}, with: {persist-credentials: "\${{ false }}"}} # v7.0.1\n`,
  ],
  ['checkout', 'another case', READ_STEP, `      - uses: Actions/Checkout@${PIN} # v7.0.1\n`],
  ['docker', 'block', TEST, '      - uses: docker://alpine:3\n'],
  ['docker', 'flow', TEST, `      - {"uses": "docker://alpine@sha256:${'0'.repeat(64)}"}\n`],
  ['cache', 'block', BUILT, `      - uses: actions/cache@${PIN} # v5.0.0\n${BUILT}`],
  ['cache', 'flow, restore alone', BUILT, `      - {uses: actions/cache/restore@${PIN}} # v5.0.0\n${BUILT}`],
  ['cache', 'input', BUILT, `      - uses: actions/setup-python@${PIN} # v6.0.0\n        with: {cache: pip}\n${BUILT}`],
  [
    'cache',
    'an input of another name',
    BUILT,
    `      - uses: ruby/setup-ruby@${PIN} # v1.0.0\n        with: {bundler-cache: true}\n${BUILT}`,
  ],
  ['cache', 'by default', BUILT, `      - uses: actions/setup-node@${PIN} # v7.0.0\n${BUILT}`],
  [
    'cache',
    "a builder's input",
    BUILT,
    `      - uses: docker/build-push-action@${PIN} # v7.0.0\n        with:\n          "cache-from": type=gha\n${BUILT}`,
  ],
  ['scripts', 'block scalar', TEST, '      - run: |\n          echo 1\n          echo ${{ github.head_ref }}\n'],
  ['scripts', 'flow', TEST, '      - {run: "echo ${{ github.head_ref }}"}\n'],
  ['scripts', 'escaped', TEST, '      - run: "echo \\u0024{{ github.head_ref }}"\n'],
  ['scripts', "the job's shell", TIMED, `${TIMED}    defaults: {run: {shell: "bash -c \${{ inputs.x }} {0}"}}\n`],
  ['scripts', 'shell', TEST, '      - run: x\n        shell: ${{ inputs.shell }}\n'],
  [
    'scripts',
    'github-script',
    TEST,
    `      - uses: actions/github-script@${PIN} # v9.0.0\n        with:\n          script: >\n            x('\${{ github.head_ref }}')\n`,
  ],
  ['secrets', 'block', TEST, '      - run: x\n        env:\n          TOKEN: ${{ secrets.TOKEN }}\n'],
  ['secrets', 'flow', TEST, '      - {run: x, env: {TOKEN: "${{ SECRETS [ \'TOKEN\' ] }}"}}\n'],
  ['secrets', 'all of them', TEST, '      - run: x\n        env: {ALL: "${{ toJSON(secrets) }}"}\n'],
  ['secrets', 'an if without braces', TEST, "      - if: secrets.TOKEN != ''\n        run: x\n"],
  [
    'secrets',
    'behind the own token',
    TEST,
    '      - run: x\n        env: {T: "${{ secrets.GITHUB_TOKEN }}${{ secrets.T }}"}\n',
  ],
  [
    'secrets',
    'an environment without a name',
    TEST,
    "      - run: x\n        env: {T: '${{ secrets.T }}'}\n    environment: ''\n",
  ],
  [
    'secrets are named',
    'block',
    'jobs:\n',
    'jobs:\n  call:\n    permissions: {}\n    uses: ./.github/workflows/c.yml\n    secrets: inherit\n',
  ],
  [
    'secrets are named',
    'flow',
    'jobs:\n',
    'jobs:\n  call: {permissions: {}, uses: ./.github/workflows/c.yml, "secrets": "inherit"}\n',
  ],
  ['hosted runners', 'block', `    runs-on: ubuntu-24.04\n${TIMED}`, `    runs-on: self-hosted\n${TIMED}`],
  ['hosted runners', 'flow', `    runs-on: ubuntu-24.04\n${TIMED}`, `    runs-on: [self-hosted, linux]\n${TIMED}`],
  [
    'hosted runners',
    'a label that looks like one',
    `    runs-on: ubuntu-24.04\n${TIMED}`,
    `    runs-on: ubuntu-ours\n${TIMED}`,
  ],
  ['hosted runners', 'group', `    runs-on: ubuntu-24.04\n${TIMED}`, `    runs-on: {group: ours}\n${TIMED}`],
  ['hosted runners', 'expression', `    runs-on: ubuntu-24.04\n${TIMED}`, `    runs-on: \${{ vars.RUNNER }}\n${TIMED}`],
  ['third parties do not write', 'block', BUMPED, `      - uses: acme/notify@${PIN} # v1.0.0\n${BUMPED}`],
  ['third parties do not write', 'flow', BUMPED, `      - {"uses": actions/github-script@${PIN}} # v9.0.0\n${BUMPED}`],
  [
    'third parties do not write',
    'a name that begins alike',
    BUMPED,
    `      - uses: actions/checkout-x@${PIN} # v1.0.0\n${BUMPED}`,
  ],
];

/** What looks like a breach and is none: style, find, replacement. */
export const harmless: readonly (readonly [style: string, find: string, replacement: string])[] = [
  ['a trigger in a comment', ON, `${ON}# on: pull_request_target\n`],
  [
    'a run body that tells of uses',
    TEST,
    '      - run: |\n          # uses: foo/bar@v1\n          echo "permissions: write-all"\n',
  ],
  ['a pinned step in flow style', TEST, `      - {uses: a/b@${PIN}} # v1.0.0\n`],
  ['a pinned step behind an alias', TEST, `      - &step\n        uses: a/b@${PIN} # v1.0.0\n      - *step\n`],
  ["the job's own token", TEST, '      - run: x\n        env: {T: "${{ secrets.GITHUB_TOKEN }}"}\n'],
  [
    'a secret in an environment',
    TEST,
    "      - run: x\n        env: {T: '${{ secrets.T }}'}\n    environment: {name: aws}\n",
  ],
  [
    'a property called secrets, and the word in a text',
    TEST,
    '      - run: x\n        env: {T: "${{ inputs.secrets == \'secrets\' }}"}\n',
  ],
  ['a cache in a job that only tests', TEST, `      - uses: actions/cache@${PIN} # v5.0.0\n`],
  [
    'setup-node that is told not to cache',
    BUILT,
    `      - uses: actions/setup-node@${PIN} # v7.0.0\n        with: {package-manager-cache: false}\n${BUILT}`,
  ],
  ['another machine of GitHub', `    runs-on: ubuntu-24.04\n${TIMED}`, `    runs-on: ubuntu-24.04-arm\n${TIMED}`],
  ['an expression in an env', TEST, '      - run: x\n        env: {REF: "${{ github.ref }}"}\n'],
];
