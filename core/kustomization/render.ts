import { Refusal } from '#core/errors.ts';
import { CommandError, type Exec } from '#core/exec.ts';

/** The program that renders: kustomize itself or the one in kubectl. */
export interface Kustomize {
  readonly argv: readonly [string, ...string[]];
  readonly name: 'kustomize' | 'kubectl';
  readonly version: string;
}

/** A rendered overlay: its YAML documents in kustomize's order, as text. */
export interface Rendered {
  readonly documents: readonly string[];
}

const RENDER_TIMEOUT_MS = 120_000;

/** Returns the kustomize on PATH, else kubectl's; refuses when there is neither. */
export async function findKustomize(exec: Exec): Promise<Kustomize> {
  const own = await versionOf(exec, ['kustomize', 'version'], /v\d+\.\d+\.\d+\S*/);
  if (own !== undefined) return { argv: ['kustomize', 'build'], name: 'kustomize', version: own };
  const kubectl = await versionOf(exec, ['kubectl', 'version', '--client'], /Kustomize Version: (v\S+)/);
  if (kubectl !== undefined) return { argv: ['kubectl', 'kustomize'], name: 'kubectl', version: kubectl };
  throw new Refusal('neither kustomize nor kubectl is on PATH: install one of them in an earlier step');
}

/** Renders the overlay in `folder`; refuses with kustomize's own last words. `name` is how messages name the overlay. */
export async function renderOverlay(
  deps: { exec: Exec; kustomize: Kustomize },
  folder: string,
  name: string,
): Promise<Rendered> {
  const [program, ...words] = deps.kustomize.argv;
  try {
    const { stdout } = await deps.exec([program, ...words, folder], { timeoutMs: RENDER_TIMEOUT_MS });
    return { documents: splitDocuments(stdout.toString('utf8')) };
  } catch (error) {
    if (!(error instanceof CommandError) || error.code === undefined) throw error;
    const said = error.stderr.trim().split('\n').at(-1) ?? '';
    throw new Refusal(
      `the overlay ${name} does not render: ${said.replaceAll(folder, name)}; mend it, "kustomize build ${name}" shows the same`,
    );
  }
}

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
