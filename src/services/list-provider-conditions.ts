import type { ProviderCondition } from '../contract/provider-info.ts';
import type { LimitsRepository } from '../db/limits/limits-repository.ts';
import type { StudyService } from './study/study-service.ts';

type Dependencies = {
  repository: Pick<LimitsRepository, 'providerPaces'>;
  studyService: Pick<StudyService, 'compare'>;
  /** Names of the configured ones. */
  providers: Iterable<string>;
  now: Date;
};

const windowMs = 3_600_000;

/** How each configured provider fares: what holds calls back, and what became of those of the last hour. */
export const listProviderConditions = async (dependencies: Dependencies): Promise<ProviderCondition[]> => {
  const { repository, studyService, providers, now } = dependencies;
  const from = new Date(now.getTime() - windowMs).toISOString();
  const [paces, { rows }] = await Promise.all([
    repository.providerPaces(now),
    studyService.compare({ by: 'provider', from }),
  ]);
  return [...providers].map((name) => {
    const pace = paces.find(({ provider }) => provider === name);
    const figures = rows.find(({ key }) => key === name);
    return {
      name,
      blockedUntil: pace?.blockedUntil ?? null,
      paceShare: pace?.paceShare ?? 1,
      runCount: figures?.runCount ?? 0,
      successRate: figures?.successRate ?? null,
      errorRate: figures?.errorRate ?? null,
      latencyMs: figures?.latencyMs ?? null,
    };
  });
};
