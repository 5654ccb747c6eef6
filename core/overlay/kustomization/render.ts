import type { KustomizeOptions } from '#core/config/config.ts';
import { CommandError, type Exec } from '#core/system/exec.ts';
import { Refusal } from '#core/values/errors.ts';

/** The program that renders: kustomize itself or the one in kubectl. */
export interface Kustomize {
  readonly argv: readonly [string, ...string[]];
  readonly name: 'kustomize' | 'kubectl';
  /** Kustomize's version, also where kubectl brings it. */
  readonly version: string;
}

/** A rendered overlay: its YAML documents in kustomize's order, as text. */
export interface Rendered {
  readonly documents: readonly string[];
}

/** What rendering needs. */
export interface RenderDeps {
  readonly exec: Exec;
  readonly kustomize: Kustomize;
}

/** Rendering was stopped: more of the tree would not make it quicker. */
export class SlowRendering extends Refusal {}

/** Kustomize itself fell over. */
export class KustomizeCrash extends Refusal {}

/** How an overlay is rendered where slipway.yaml says nothing: as Argo CD does it without build options. */
export const DEFAULT_OPTIONS: KustomizeOptions = { 'load-restrictor': 'root-only', helm: false, timeout: 60 };

/** Returns the kustomize on PATH, else kubectl's; refuses when there is neither. */
export async function findKustomize(exec: Exec): Promise<Kustomize> {
  const own = await versionOf(exec, ['kustomize', 'version'], /v\d+\.\d+\.\d+[^\s}]*|\(devel\)/);
  if (own !== undefined) return { argv: ['kustomize', 'build'], name: 'kustomize', version: own };
  const kubectl = await versionOf(exec, ['kubectl', 'version', '--client'], /Kustomize Version: (v\S+)/);
  if (kubectl !== undefined) return { argv: ['kubectl', 'kustomize'], name: 'kubectl', version: kubectl };
  throw new Refusal('neither kustomize nor kubectl can be run from PATH; install one of them in an earlier step');
}

/**
 * Renders the overlay in `folder`, without plugins, and without Helm or files outside of kustomize's own bounds where the
 * options do not allow them; refuses with what kustomize says. `name` is how messages name the overlay: the folder's path
 * in the repository.
 */
export async function renderOverlay(
  { exec, kustomize }: RenderDeps,
  folder: string,
  name: string,
  options: KustomizeOptions = DEFAULT_OPTIONS,
): Promise<Rendered> {
  const [program, ...words] = kustomize.argv;
  const flags = [
    ...(options.helm ? ['--enable-helm'] : []),
    ...(options['load-restrictor'] === 'none' ? ['--load-restrictor', 'LoadRestrictionsNone'] : []),
  ];
  try {
    const { stdout } = await exec([program, ...words, ...flags, folder], { timeoutMs: options.timeout * 1000 });
    return { documents: splitDocuments(stdout.toString('utf8')) };
  } catch (error) {
    if (!(error instanceof CommandError) || error.cause !== undefined) throw error;
    if (error.code === undefined) {
      throw new SlowRendering(
        `the overlay ${name} did not render within ${options.timeout} s; kustomize.timeout of its environment in slipway.yaml gives it more`,
      );
    }
    throw explain(withoutRoot(error.stderr.trim(), folder, name), name, kustomize);
  }
}

/** What kustomize says where an option or a program is missing, and what helps. */
const KNOWN: readonly (readonly [RegExp, (overlay: string, found: string) => string])[] = [
  [
    /must specify --enable-helm/,
    (overlay) =>
      `the overlay ${overlay} renders Helm charts: set kustomize: {helm: true} for its environment in slipway.yaml, and install helm in an earlier step`,
  ],
  [
    /is 'helm' installed\?|"helm": executable file not found/,
    (overlay) => `the overlay ${overlay} renders Helm charts, and helm is not on PATH: install it in an earlier step`,
  ],
  [
    /unable to load external plugin '?([\w.-]+)/,
    (overlay, plugin) =>
      `the overlay ${overlay} uses the plugin ${plugin}, which runs code of its own: Slipway renders without plugins; commit what it makes, and take it out`,
  ],
  [
    /security; file '([^']+)' is not in or below/,
    (overlay, file) =>
      `the overlay ${overlay} reads ${file}, which is outside of its folder: move the file there, or set kustomize: {load-restrictor: none} for its environment in slipway.yaml, as Argo CD needs it too`,
  ],
];

function explain(said: string, name: string, kustomize: Kustomize): Refusal {
  const panic = /^panic: (.*)$/m.exec(said)?.[1];
  if (panic !== undefined)
    return new KustomizeCrash(`kustomize ${kustomize.version} crashed on the overlay ${name}: ${panic}`);
  for (const [pattern, describe] of KNOWN) {
    const match = pattern.exec(said);
    if (match !== null) return new Refusal(describe(name, match[1] ?? ''));
  }
  return new Refusal(
    `the overlay ${name} does not render: ${onOneLine(said)}; fix it, "${kustomize.argv.join(' ')} ${name}" shows the same`,
  );
}

const MOST_CHARACTERS = 600;

/** What kustomize says from its first error on; a last line alone is mostly the end of a longer sentence. */
function onOneLine(said: string): string {
  const start = said.lastIndexOf('\nError: ') + 1;
  const text = withoutLogging(said.slice(start)).replace(/\s+/g, ' ').trim();
  return text.length <= MOST_CHARACTERS ? text : `${text.slice(0, MOST_CHARACTERS)} …`;
}

/** kubectl logs its last words instead of saying them: a head with the time and the line, and the error as a quoted value. */
function withoutLogging(said: string): string {
  const logged = /^E\d{4} \S+ +\d+ \S+\] "command failed" err=("(?:[^"\\]|\\.)*")\s*$/.exec(said)?.[1];
  if (logged === undefined) return said;
  try {
    return String(JSON.parse(logged));
  } catch {
    return logged; // Go quotes what JSON cannot
  }
}

/** Cuts out what comes before the repository's own paths in messages. */
function withoutRoot(said: string, folder: string, name: string): string {
  const root = folder.endsWith(`/${name}`) ? folder.slice(0, -name.length) : undefined;
  return root === undefined ? said.replaceAll(folder, name) : said.replaceAll(root, '');
}

/** kustomize indents everything but its separators and its mappings' keys: a line `---` is always a separator. */
function splitDocuments(text: string): string[] {
  return text
    .split(/^---$/m)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

async function versionOf(exec: Exec, argv: [string, ...string[]], pattern: RegExp): Promise<string | undefined> {
  try {
    const { code, stdout } = await exec(argv, { accept: 'any' });
    const match = stdout.toString('utf8').match(pattern);
    return code === 0 ? (match?.[1] ?? match?.[0]) : undefined;
  } catch (error) {
    if (error instanceof CommandError) return undefined; // not on PATH
    throw error;
  }
}
