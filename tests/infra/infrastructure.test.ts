import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Compiled } from './support/deployment.ts';
import { deploymentChecks, templateChecks } from './support/infra-checks.ts';
import { openBicep, openInfraCopy, scenarios } from './support/infra-copy.ts';

const bicep = openBicep();
const copy = bicep && openInfraCopy(bicep);
const describeWithBicep = copy === null ? describe.skip : describe;

describeWithBicep('infra/', () => {
  let compiled: Compiled;

  beforeAll(async () => {
    if (copy !== null) compiled = await copy.compile();
  }, 120_000);
  afterAll(() => copy?.close());

  it.each(Object.entries(templateChecks))('%s', (_, check) => {
    expect(check(compiled)).toEqual([]);
  });

  describe.each(scenarios)('as %s', (scenario) => {
    it.each(Object.entries(deploymentChecks))('%s', (_, check) => {
      const deployment = compiled.deployments[scenario];
      expect(deployment && check(deployment)).toEqual([]);
    });
  });
});
