import type { Attributes } from '@opentelemetry/api';
import type { GenerationFacts } from './telemetry.ts';

/** A settled question without its content, for Application Insights: the names are among `allowedAttributes`. */
export const plainAttributes = (facts: GenerationFacts): Attributes => {
  const all = {
    'sq.inference.id': facts.inferenceId,
    'sq.batch.id': facts.batchId,
    'sq.request.id': facts.requestId,
    'sq.provider': facts.provider,
    'sq.model': facts.model,
    'sq.served_model': facts.servedModel,
    'sq.outcome': facts.outcome,
    'sq.detail': facts.detail,
    'sq.attempts': facts.attemptCount,
    'sq.input_tokens': facts.usage?.inputTokens ?? null,
    'sq.output_tokens': facts.usage?.outputTokens ?? null,
    'sq.cost_usd': facts.costUsd,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null)) as Attributes;
};
