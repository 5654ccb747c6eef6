import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { parse } from 'yaml';
import type { Runner } from '#core/action/runner.ts';
import type { Annotation } from '#core/system/log.ts';
import { repositoryRoot } from '#lab/supervisor/root.ts';

/** A passphrase of saved plans. */
export const KEY = 'correct horse battery staple';

/** What a step did, seen from outside. */
export interface Step {
  readonly runner: Runner;
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  readonly lines: readonly string[];
  /** Everything that it printed or wrote for people. */
  readonly seen: () => string;
}

/** A repository with one stack, `app`, whose program is on PATH. */
export interface Ground {
  readonly root: string;
  /** Writes files of the repository and commits them; returns the commit. */
  commit(files: Readonly<Record<string, string>>): string;
  git(...args: string[]): string;
  read(path: string): string;
  /** Returns a step's runner; what is not given has the default of action.yml. */
  open(action: string, inputs: Readonly<Record<string, string>>, env?: Readonly<Record<string, string>>): Step;
  remove(): void;
}

/** The folder of the stack. */
export const FOLDER = 'terraform/app';

const SLIPWAY = `registry: {type: oci, host: registry.example}
images: {}
environments: {}
terraform:
  stacks:
    app: {folder: ${FOLDER}}
`;

/** Opens a repository whose stack has this code. */
export function openGround(main: string, more: Readonly<Record<string, string>> = {}): Ground {
  const temp = mkdtempSync(join(tmpdir(), 'slipway-ground-'));
  const root = join(temp, 'checkout');
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', root, '-c', 'user.name=t', '-c', 'user.email=t@example.com', ...args], {
      encoding: 'utf8',
    }).trim();
  mkdirSync(root);
  git('init', '-q', '-b', 'main');
  const ground: Ground = {
    root,
    git,
    commit: (files) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      git('add', '-A');
      git('commit', '-q', '-m', 'change');
      return git('rev-parse', 'HEAD');
    },
    read: (path) => readFileSync(join(root, path), 'utf8'),
    open: (action, inputs, env = {}) => openStep(temp, root, action, inputs, env),
    remove: () => rmSync(temp, { recursive: true, force: true }),
  };
  const ignored = '.terraform/\n*.tfstate*\n*.sealed\n*-report.json\n.terraform.tfstate.lock.info\n';
  ground.commit({ 'slipway.yaml': SLIPWAY, '.gitignore': ignored, [`${FOLDER}/main.tf`]: main, ...more });
  return ground;
}

function openStep(
  temp: string,
  root: string,
  action: string,
  given: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>>,
): Step {
  const inputs: Readonly<Record<string, string>> = { ...readDefaults(action), ...given };
  const outputs: Record<string, string> = {};
  const [annotations, lines, pages]: [Annotation[], string[], string[]] = [[], [], []];
  const runner: Runner = {
    environment: {
      workspace: root,
      temp,
      repository: 'acme/shop',
      serverUrl: 'https://github.example',
      runUrl: '',
      actor: 'octocat',
      sha: '0'.repeat(40),
      eventName: 'push',
      all: { ...plainEnvironment(), ...env },
    },
    log: {
      debug: (message) => void lines.push(message),
      info: (message) => void lines.push(message),
      warn: (message) => void lines.push(message),
    },
    input: (name) => inputs[name] ?? '',
    setOutputs: (all) => void Object.assign(outputs, all),
    mask: () => {},
    addSummary: async (markdown) => void pages.push(markdown),
    annotate: (annotation) => void annotations.push(annotation),
  };
  const seen = (): string => JSON.stringify([outputs, annotations, lines, pages]);
  return { runner, outputs, annotations, lines, seen };
}

/** The environment of a step, without what this machine's own settings of Terraform say. */
export function plainEnvironment(): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', TF_CLI_CONFIG_FILE: '/dev/null' };
}

/** Returns the defaults of action.yml that are no expressions. */
export function readDefaults(action: string): Record<string, string> {
  const text = readFileSync(join(repositoryRoot, 'actions', action, 'action.yml'), 'utf8');
  const { inputs } = parse(text) as { inputs: Record<string, { default?: string }> };
  const plain = Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']);
  return Object.fromEntries(plain.filter(([, value]) => !value?.includes('${{')));
}
