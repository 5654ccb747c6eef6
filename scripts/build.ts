import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * `@actions/core` loads an HTTP client for its OIDC calls when it starts, which costs more than all the rest together;
 * no action of ours asks @actions/core for a token. In the bundle, that client is loaded when it is first used.
 */
const lazyHttpClient: Plugin = {
  name: 'lazy-http-client',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^undici$/ }, (args) =>
      args.namespace === 'lazy' ? undefined : { path: 'undici', namespace: 'lazy' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'lazy' }, () => ({
      contents:
        "module.exports = new Proxy({}, { get: (_, name) => { throw new Error('no HTTP client in this bundle: ' + String(name)); } });",
      loader: 'js',
    }));
  },
};

/** Names of all actions: the folders of actions/. */
export function listActions(folder = join(root, 'actions')): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'src/main.ts')))
    .sort();
}

/** Returns the bundle of an action: file name → bytes. The same sources give the same bytes wherever they stand. */
export async function bundleAction(name: string): Promise<Map<string, Uint8Array>> {
  const result = await build({
    absWorkingDir: root,
    entryPoints: [`actions/${name}/src/main.ts`],
    outfile: `actions/${name}/dist/index.cjs`,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    charset: 'utf8',
    legalComments: 'linked',
    logLevel: 'warning',
    plugins: [lazyHttpClient],
  });
  const folder = join(root, 'actions', name, 'dist');
  return new Map(result.outputFiles.map((file) => [file.path.slice(folder.length + 1), file.contents]));
}

/** Returns what is wrong with an action's committed bundle, one sentence each; empty when it is the bundle of its sources. */
export async function checkAction(name: string): Promise<string[]> {
  const folder = join(root, 'actions', name, 'dist');
  const wanted = await bundleAction(name);
  const present = existsSync(folder) ? readdirSync(folder) : [];
  const stale = present
    .filter((file) => !wanted.has(file))
    .map((file) => `actions/${name}/dist/${file} belongs to no bundle`);
  const differing = [...wanted].filter(
    ([file, bytes]) => !present.includes(file) || !readFileSync(join(folder, file)).equals(bytes),
  );
  return [
    ...stale,
    ...differing.map(([file]) => `actions/${name}/dist/${file} is not what its sources give: npm run build`),
  ];
}

async function writeAction(name: string): Promise<void> {
  const folder = join(root, 'actions', name, 'dist');
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of await bundleAction(name)) writeFileSync(join(folder, file), bytes);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const chosen = names.length > 0 ? names : listActions();
  const faults = process.argv.includes('--check') ? (await Promise.all(chosen.map(checkAction))).flat() : [];
  if (!process.argv.includes('--check')) await Promise.all(chosen.map(writeAction));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
