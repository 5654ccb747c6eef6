import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readHead } from '#core/release/head.ts';
import type { History } from '#core/release/history.ts';
import { openBranchPorts, openInScratch, type Workplace } from '#core/release/open-ports.ts';
import type { ReleasePlace } from '#core/release/past.ts';
import { formatRelease, type LandedRelease, type Release } from '#core/release/trailer.ts';
import type { Log } from '#core/system/log.ts';
import { type CommitSha, type Digest, NEVER_RELEASED } from '#core/values/reference.ts';
import { gitEnv, openRepositories } from '#tests/support/repositories.ts';

/** The environments of the test's slipway.yaml; its images are `web` and `bot`. */
export const PLACES: readonly ReleasePlace[] = [
  { environment: 'production', overlay: 'overlays/production' },
  { environment: 'staging', overlay: 'overlays/staging' },
];

/** A commit of a test's branch. Digests are letters: `A` is sixty-four of them, `none` is sixty-four zeros. */
export interface MadeCommit {
  readonly name: string;
  /** Names of its parents; the commit before it in the list where they are not given. */
  readonly on?: readonly string[];
  /** What overlays say from here on, by `<environment>/<image>`; the rest is as the first parent has it. */
  readonly sets?: Readonly<Record<string, string>>;
  /** Its trailers: `<environment>/<image> <from>><to>`, with ` for <intent>` where the intent is not the commit's name. */
  readonly says?: readonly string[];
}

/** The branch `main` of a bare repository, opened as an action opens it. */
export interface MadeBranch {
  readonly head: CommitSha;
  readonly history: History;
  /** What was logged about trailers that are ignored. */
  readonly ignored: readonly string[];
  commit(name: string): CommitSha;
  /** Writes a release as the tables do: `<commit> <environment>/<image> <from>><to>`. */
  write(release: LandedRelease): string;
  close(): Promise<void>;
}

/** Returns `count` commits that change nothing. */
export function idle(count: number, name = 'idle'): MadeCommit[] {
  return Array.from({ length: count }, (_one, at) => ({ name: `${name}-${at}` }));
}

export function digestOf(letter: string): Digest {
  return letter === 'none' ? NEVER_RELEASED : `sha256:${letter.toLowerCase().repeat(64)}`;
}

/** Returns the release that `<environment>/<image> <from>><to>` stands for. */
export function releaseOf(text: string, commit: string): Release {
  const [, environment = '', image = '', from = '', to = '', intent = commit] =
    /^(\w+)\/(\w+) (\w+)>(\w+)(?: for (\S+))?$/.exec(text) ?? [];
  return {
    environment,
    image,
    to: digestOf(to),
    from: from === 'none' ? undefined : digestOf(from === 'zeros' ? 'none' : from),
    kind: 'deploy',
    source: 'f'.repeat(40) as CommitSha, // forty digits
    intent,
    run: `https://github.example/acme/tenant/actions/runs/${intent}`,
    actor: 'octocat',
  };
}

/** Writes a release, without its commit, as {@link releaseOf} reads it. */
export function writeRelease({ environment, image, from, to }: Release): string {
  const letterOf = (digest: Digest): string => (digest === NEVER_RELEASED ? 'zeros' : digest.slice(-1).toUpperCase());
  return `${environment}/${image} ${from === undefined ? 'none' : letterOf(from)}>${letterOf(to)}`;
}

/** Makes the branch, whose head is the last of the commits. */
export async function openMadeBranch(made: readonly MadeCommit[]): Promise<MadeBranch> {
  const root = mkdtempSync(join(tmpdir(), 'slipway-history-'));
  const [remote, checkout] = [join(root, 'remote.git'), join(root, 'clone')];
  openRepositories(remote, checkout);
  const marks = join(root, 'marks');
  execFileSync('git', ['fast-import', '--quiet', `--export-marks=${marks}`], { cwd: remote, input: writeStream(made) });
  const lines = readFileSync(marks, 'utf8').trim().split('\n');
  const shas = new Map(
    lines.map((line) => [made[Number(line.slice(1, line.indexOf(' '))) - 1]?.name, line.slice(-40)]),
  );
  const ignored: string[] = [];
  const info = (line: string) => void (line.startsWith('Ignored') && ignored.push(line));
  const log: Log = { debug: () => {}, info, warn: () => {} };
  const place: Workplace = { checkout, temp: root, environment: gitEnv, log, mask: () => {}, token: '', serverUrl: '' };
  const { ports, close } = await openInScratch(place, 'test', (scratch, exec) =>
    openBranchPorts(place, 'slipway.yaml', scratch, exec),
  );
  const names = new Map([...shas].map(([name, sha]) => [sha, name]));
  return {
    head: await readHead('main', { git: ports.git, log }),
    history: ports.history,
    ignored,
    commit: (name) => (shas.get(name) ?? name) as CommitSha, // git wrote it
    write: (release) => `${names.get(release.commit)} ${writeRelease(release)}`,
    close: async () => {
      await close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

const FILES = {
  'docker/build.pkr.hcl': '# a template\n',
  'app/main.js': '//\n',
  'overlays/production/README.md': 'Not deployed yet.\n',
  'overlays/staging/README.md': 'Not deployed yet.\n',
  'slipway.yaml': `registry: {type: oci, host: "127.0.0.1:1"}
images:
  web: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}
  bot: {template: docker/build.pkr.hcl, inputs: [app], keep: 10}
environments:
  production: {overlay: overlays/production, deploys: on-push}
  staging: {overlay: overlays/staging, deploys: on-push}
`,
};

type Overlays = Readonly<Record<string, string>>;

/** Writes what `git fast-import` reads: the mark of a commit is its place in the list, from 1. */
function writeStream(made: readonly MadeCommit[]): string {
  const marks = new Map(made.map(({ name }, at) => [name, at + 1]));
  const states: Overlays[] = [];
  const parts = made.flatMap(({ name, on, sets = {}, says = [] }, at): string[] => {
    const parents = on === undefined ? [at].filter(Boolean) : on.map((parent) => marks.get(parent) ?? 0);
    const state = { ...states[(parents[0] ?? 0) - 1], ...sets };
    states.push(state);
    const trailers = says.map((text) => formatRelease(releaseOf(text, name)));
    return [
      `commit refs/heads/made\nmark :${at + 1}\ncommitter P <p@example.com> ${1_700_000_000 + at} +0000\n`,
      writeText([name, ...(trailers.length === 0 ? [] : [trailers.join('\n')])].join('\n\n')),
      ...parents.map((mark, index) => `${index === 0 ? 'from' : 'merge'} :${mark}\n`),
      ...(at === 0 ? Object.entries(FILES).map(([path, text]) => `M 644 inline ${path}\n${writeText(text)}`) : []),
      ...[...new Set(Object.keys(sets).map((key) => key.split('/')[0] ?? ''))].map(
        (environment) =>
          `M 644 inline overlays/${environment}/kustomization.yaml\n${writeText(renderOverlay(environment, state))}`,
      ),
    ];
  });
  return `${parts.join('')}reset refs/heads/main\nfrom :${made.length}\n`;
}

function writeText(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}\n`;
}

function renderOverlay(environment: string, state: Overlays): string {
  const images = Object.entries(state).filter(([key]) => key.startsWith(`${environment}/`));
  const entries = images.map(([key, letter]) => {
    const image = key.slice(environment.length + 1);
    return `  - name: ${image}\n    newName: 127.0.0.1:1/${image}\n    digest: ${digestOf(letter)} # set by Slipway\n`;
  });
  return `resources: [../../base]\nimages:\n${entries.join('')}`;
}
