const shared = {
  testEnvironment: 'node',
  testPathIgnorePatterns: ['/node_modules/', '/\\.lab/'],
  modulePathIgnorePatterns: ['/\\.lab/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
};

/** Three layers of tests, by what they need, and those of the third that take too long for CI: CONTRIBUTING.md names them, and each has its script in package.json. */
export default {
  // a worker that has grown starts again: the kernel copies its page tables at each start of git, half the time at 800 MB
  workerIdleMemoryLimit: '300MB',
  testTimeout: 120_000, // of the whole run: jest ignores a project's own, so the script e2e passes a longer one
  projects: [
    {
      ...shared,
      displayName: 'unit',
      testMatch: ['<rootDir>/**/*.test.ts'],
      testPathIgnorePatterns: [...shared.testPathIgnorePatterns, '\\.itg\\.test\\.ts$'],
    },
    { ...shared, displayName: 'itg', testMatch: ['<rootDir>/**/*.itg.test.ts'] },
    { ...shared, displayName: 'e2e', testMatch: ['<rootDir>/lab/**/*.e2e.ts'] },
    { ...shared, displayName: 'long', testMatch: ['<rootDir>/lab/**/*.long.ts'] },
  ],
};
