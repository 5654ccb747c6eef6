// `npm test` runs *.test.ts and *.itg.test.ts; `npm run e2e` sets SLIPWAY_E2E and runs the scenarios on the lab.
const e2e = process.env.SLIPWAY_E2E === '1';

export default {
  testEnvironment: 'node',
  testMatch: e2e ? ['<rootDir>/lab/**/*.e2e.ts'] : ['<rootDir>/{core,actions,commands,scripts,lab,tests}/**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', '/\\.lab/'],
  modulePathIgnorePatterns: ['/\\.lab/'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2024', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testTimeout: e2e ? 300_000 : 30_000,
  ...(e2e ? { maxWorkers: 1 } : {}),
};
