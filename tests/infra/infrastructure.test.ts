import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Compiled } from './support/deployment.ts';
import { deploymentChecks, templateChecks } from './support/infra-checks.ts';
import { openBicep, openInfraCopy, type Scenario, scenarios } from './support/infra-copy.ts';

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

  it('hands sign-in with Entra over where it is set up, and nothing of it elsewhere', () => {
    const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
    const ofEntra = (scenario: Scenario) =>
      Object.entries(compiled.deployments[scenario]?.settings ?? {}).filter(([name]) =>
        /^SQ_ENTRA/.test(name),
      );
    expect(Object.fromEntries(ofEntra('everything'))).toEqual({
      SQ_ENTRA_AUDIENCE: 'api://study',
      SQ_ENTRA_TENANTS: expect.stringMatching(guid),
      SQ_ENTRA_ROLES: '{"Researcher":["study:read","inference:write"],"Operator":["admin"]}',
      SQ_ENTRA_CLIENT_ID: expect.stringMatching(guid),
      SQ_ENTRA_SCOPE: 'api://study/access_as_user',
    });
    expect(ofEntra('main.dev')).toEqual([]);
  });

  describe.each(scenarios)('as %s', (scenario) => {
    it.each(Object.entries(deploymentChecks))('%s', (_, check) => {
      const deployment = compiled.deployments[scenario];
      expect(deployment && check(deployment)).toEqual([]);
    });
  });
});
