import { createProviderPace } from '../../../src/services/calls/provider-pace.ts';

const notAsked = async (): Promise<never> => {
  throw new Error('a provider without limits needs no database');
};

/** The pace of providers without limits. */
export const unlimitedPace = createProviderPace({
  limits: {},
  repository: { takeRate: notAsked, holdSlots: notAsked, releaseSlots: notAsked, slowProvider: notAsked },
});
