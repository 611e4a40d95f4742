import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

type JestResults = {
  numPassedTests: number;
  numFailedTests: number;
  /** Test files that could not even be loaded. */
  numRuntimeErrorTestSuites: number;
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[];
};

// Sums Jest's JSON results of a folder and the gate's own steps. Usage: sum-tests.ts FOLDER STEPS_PASSED STEPS_FAILED
const [folder = '.', stepsPassed = '0', stepsFailed = '0'] = process.argv.slice(2);
let passed = Number(stepsPassed);
let failed = Number(stepsFailed);

for (const file of readdirSync(folder).filter((name) => name.endsWith('.json'))) {
  const results: JestResults = JSON.parse(readFileSync(path.join(folder, file), 'utf8'));
  passed += results.numPassedTests;
  failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  const suite = path.basename(file, '.json');
  process.stdout.write(
    `${suite}: ${results.numPassedTests} tests passed, ${results.numFailedTests} failed\n`,
  );
  for (const { name, assertionResults } of results.testResults) {
    for (const { fullName, status } of assertionResults.filter(({ status }) => status !== 'passed')) {
      const what = status === 'failed' ? 'failed' : 'skipped';
      process.stdout.write(`  ${what}: ${path.relative('.', name)}: ${fullName}\n`);
    }
  }
}

process.stdout.write(`${passed} passed, ${failed} failed\n`);
if (failed > 0) process.exitCode = 1;
