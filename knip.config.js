const tests = ['!**/tests/**!', '!**/*.{e2e,long}.ts!'];
/** The lab, the benchmarks and the house's scripts serve the tests: what only they call is not dead. */
const equipment = ['!lab/**!', '!bench/**!', '!scripts/**!'];

/**
 * `npm run lint` runs knip twice. The first run finds what nothing imports, and exports that only their own file needs;
 * the second, for production, what only tests call.
 */
export default ({ production }) => ({
  workspaces: {
    '.': {
      entry: [
        'actions/*/src/main.ts!',
        'commands/*.ts!',
        'core/registry/ecr.ts!', // a bundle of its own: scripts/build.ts
        'core/aws/iam/{assume,evaluate}.ts!', // judge the policies and the trust of terraform/ in their tests, as AWS would
        // started as processes, not imported
        'docker/dev-sandbox/usr/local/lib/sandbox/main.ts!',
        'lab/**/*.{e2e,long}.ts',
        'lab/docker/tests/abandoned-lab.ts',
        'lab/github/actions/*/index.cjs',
        'lab/github/openapi/cut.ts',
        'lab/github/tests/fake-act.mjs',
        'lab/walls/{probe,rights}.mjs', // run in pods
        'lab/strangers/probe.cjs', // run in jobs
        'lab/supervisor/tests/interruptible.ts',
        'lab/toolbox/tests/slow-maker.ts',
        'core/cluster/tests/serves.ts',
        'scripts/first-failure.mjs', // by its path, to jest
        'scripts/manifest-schemas.ts',
        'tests/support/git-server-process.ts',
        'tests/support/hostile-probe.cjs', // run in steps
      ],
      project: ['**/*.{ts,mjs,cjs,js}!', '!**/dist/**', '!app/**', ...tests, ...equipment],
    },
    // its tests run with the root's jest: the image needs none
    app: { entry: ['src/run.ts!', 'tests/*.test.ts'], project: ['**/*.ts!', ...tests] },
  },
  ignoreBinaries: ['chromium', 'go', 'terraform', 'unshare'],
  ignoreDependencies: ['@vercel/ncc'], // bench/action-start.ts starts it by its path
  // an exported function may name its types; a test may call a part that its own file uses
  ignoreExportsUsedInFile: production ? true : { interface: true, type: true },
});
