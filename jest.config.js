// Native ES modules: swc strips the types, Node's own loader resolves the imports (databases and TCP need no jsdom).
export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type: 'es6' } },
    ],
  },
  testMatch: ['<rootDir>/tests/**/*.test.ts'],
  // What takes minutes because it has to (a pace, a crash and its recovery) is a step of its own: npm run test:long.
  testPathIgnorePatterns: process.env.SQ_TEST_LONG === 'true' ? [] : ['<rootDir>/tests/long/'],
  // A package laid out by npm run package is a second package of the same name.
  modulePathIgnorePatterns: ['<rootDir>/.package/'],
  testTimeout: 30_000,
  maxWorkers: 2,
};
