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

/** A remote base is cloned by kustomize itself, which gives up after 27 s. */
const RENDER_TIMEOUT_MS = 60_000;

/** Returns the kustomize on PATH, else kubectl's; refuses when there is neither. */
export async function findKustomize(exec: Exec): Promise<Kustomize> {
  const own = await versionOf(exec, ['kustomize', 'version'], /v\d+\.\d+\.\d+[^\s}]*|\(devel\)/);
  if (own !== undefined) return { argv: ['kustomize', 'build'], name: 'kustomize', version: own };
  const kubectl = await versionOf(exec, ['kubectl', 'version', '--client'], /Kustomize Version: (v\S+)/);
  if (kubectl !== undefined) return { argv: ['kubectl', 'kustomize'], name: 'kubectl', version: kubectl };
  throw new Refusal('neither kustomize nor kubectl can be run from PATH; install one of them in an earlier step');
}

/**
 * Renders the overlay in `folder`, without plugins, Helm or files outside of kustomize's own bounds; refuses with
 * kustomize's own last words. `name` is how messages name the overlay: the folder's path in the repository.
 */
export async function renderOverlay(
  deps: { exec: Exec; kustomize: Kustomize; timeoutMs?: number },
  folder: string,
  name: string,
): Promise<Rendered> {
  const [program, ...words] = deps.kustomize.argv;
  const timeoutMs = deps.timeoutMs ?? RENDER_TIMEOUT_MS;
  try {
    const { stdout } = await deps.exec([program, ...words, folder], { timeoutMs });
    return { documents: splitDocuments(stdout.toString('utf8')) };
  } catch (error) {
    if (!(error instanceof CommandError) || error.cause !== undefined) throw error;
    if (error.code === undefined) {
      throw new Refusal(
        `the overlay ${name} did not render within ${timeoutMs / 1000} s; a base with a URL is cloned each time: keep it in the repository`,
      );
    }
    const said = error.stderr.trim().split('\n').at(-1) ?? '';
    throw new Refusal(
      `the overlay ${name} does not render: ${withoutRoot(said, folder, name)}; fix it, "kustomize build ${name}" shows the same`,
    );
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
