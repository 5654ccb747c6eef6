import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = join(import.meta.dirname, '..');

/**
 * `@actions/core` loads an HTTP client when it starts, for OIDC calls that no action of ours makes: loading it costs more
 * than all the rest together. In the bundle it is a class that says so when somebody does call it. `@actions/github` keeps
 * it: it finds a runner's proxy.
 */
const withoutHttpClient: Plugin = {
  name: 'without-http-client',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^@actions\/http-client/ }, ({ path, importer }) =>
      importer.includes('/@actions/github/') ? undefined : { path, namespace: 'without' },
    );
    bundler.onLoad({ filter: /.*/, namespace: 'without' }, () => ({
      contents:
        "class Absent { constructor() { throw new Error('this bundle has no HTTP client of @actions/core'); } }\nexport { Absent as HttpClient, Absent as BearerCredentialHandler };",
      loader: 'js',
    }));
  },
};

/** What only some runs need, as a file of its own beside index.cjs: it is neither read nor compiled until then. */
const LATE = { module: '#core/registry/ecr.ts', source: 'core/registry/ecr.ts', file: 'ecr.cjs' };

const lateModule: Plugin = {
  name: 'late-module',
  setup: (bundler) => {
    bundler.onResolve({ filter: /^#core\/registry\/ecr\.ts$/ }, (args) =>
      args.kind === 'dynamic-import' ? { path: `./${LATE.file}`, external: true } : undefined,
    );
  },
};

/**
 * What the dependencies of a bundle import while they run (the AWS SDK: sources of credentials other than the
 * environment) is in a file beside it, `ecr.rare.cjs` for `ecr.cjs`, which maps each name to a function that loads it.
 */
function rareModules(file: string, found: Map<string, string>): Plugin {
  return {
    name: 'rare-modules',
    setup: (bundler) => {
      bundler.onResolve({ filter: /^[^.#]/ }, async ({ kind, path, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:') || pluginData === 'resolving') return undefined;
        const resolved = await bundler.resolve(path, { kind, resolveDir, pluginData: 'resolving' });
        found.set(path, resolved.path);
        return { path, namespace: 'rare', pluginData: resolveDir };
      });
      bundler.onLoad({ filter: /.*/, namespace: 'rare' }, ({ path, pluginData }) => ({
        contents: `module.exports = require('./${file}')[${JSON.stringify(path)}]();`,
        resolveDir: pluginData,
      }));
      bundler.onResolve({ filter: /\.rare\.cjs$/ }, ({ path }) => ({ path, external: true }));
    },
  };
}

/** Names of all actions: the folders of actions/. */
export function listActions(folder = join(root, 'actions')): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'src/main.ts')))
    .sort();
}

/** Returns the bundle of an action: file name → bytes. The same sources give the same bytes wherever they stand. */
export async function bundleAction(name: string): Promise<Map<string, Uint8Array>> {
  const main = await bundle(`actions/${name}/src/main.ts`, 'index.cjs', [withoutHttpClient, lateModule]);
  const usesLate = Buffer.from(main.get('index.cjs') ?? '').includes(LATE.file);
  return usesLate ? new Map([...main, ...(await bundle(LATE.source, LATE.file, []))]) : main;
}

async function bundle(entry: string, file: string, plugins: Plugin[]): Promise<Map<string, Uint8Array>> {
  const rare = { file: file.replace(/\.cjs$/, '.rare.cjs'), found: new Map<string, string>() };
  const main = await bundleFile(
    { entryPoints: [entry], plugins: [...plugins, rareModules(rare.file, rare.found)] },
    file,
  );
  if (rare.found.size === 0) return main;
  const names = [...rare.found].sort(([a], [b]) => (a < b ? -1 : 1));
  const contents = names
    .map(([name, path]) => `exports[${JSON.stringify(name)}] = () => require(${JSON.stringify(path)});`)
    .join('\n');
  return new Map([...main, ...(await bundleFile({ stdin: { contents, resolveDir: root } }, rare.file))]);
}

async function bundleFile(options: BuildOptions, file: string): Promise<Map<string, Uint8Array>> {
  const result = await build({
    ...options,
    absWorkingDir: root,
    outfile: file,
    bundle: true,
    preserveSymlinks: true, // the bundle of a checkout with linked packages is the same
    write: false,
    platform: 'node',
    mainFields: ['module', 'main'], // of the AWS SDK's modules, unlike its CommonJS, only what is used is taken
    format: 'cjs',
    target: 'node24',
    // require in its place: to import node:http is to read all its exports, one of which loads fetch
    supported: { 'dynamic-import': false },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    charset: 'utf8',
    legalComments: 'linked',
    logLevel: 'warning',
  });
  return new Map((result.outputFiles ?? []).map((output) => [basename(output.path), output.contents]));
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
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const [file, bytes] of await bundleAction(name)) writeFileSync(join(folder, file), bytes);
}

if (import.meta.main) {
  const names = process.argv.slice(2).filter((word) => !word.startsWith('--'));
  const chosen = names.length > 0 ? names : listActions();
  const faults = process.argv.includes('--check') ? (await Promise.all(chosen.map(checkAction))).flat() : [];
  if (!process.argv.includes('--check')) await Promise.all(chosen.map(writeAction));
  for (const fault of faults) console.error(fault);
  process.exitCode = faults.length > 0 ? 1 : 0;
}
