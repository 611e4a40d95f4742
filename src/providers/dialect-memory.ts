import { ProviderError } from '../errors.ts';
import { familyTraits, type TokenLimitField } from './model-family.ts';

/** Sampling parameters that may be left out; others (stop, logprobs, …) change what an answer is, so a refusal stands. */
const samplingFields = ['temperature', 'top_p', 'presence_penalty', 'frequency_penalty', 'seed'] as const;
export type SamplingField = (typeof samplingFields)[number];

/** How one model of one endpoint wants its requests written. */
export type Dialect = {
  tokenLimitField: TokenLimitField;
  omitted: ReadonlySet<SamplingField>;
  /** Whether a stream is asked for usage in its last chunk. */
  asksStreamUsage: boolean;
};

/** A parameter an endpoint refused; the two names of the token limit are one. */
export type Refusal = SamplingField | 'token_limit' | 'stream_options';

const refusalNames: readonly [RegExp, Refusal][] = [
  [/\bmax_(completion_)?tokens\b/, 'token_limit'],
  [/\bstream_options\b/, 'stream_options'],
  ...samplingFields.map((field): [RegExp, Refusal] => [new RegExp(`\\b${field}\\b`), field]),
];
const refusingCodes = new Set(['unsupported_parameter', 'unsupported_value', 'unknown_parameter']);
const refusingWords =
  /unsupported|not supported|unrecogni[sz]ed|unknown (argument|parameter|field)|extra (fields|inputs)|not permitted|unexpected keyword/i;

const firstNamed = (text: string): Refusal | null => {
  const found = refusalNames
    .map(([pattern, refusal]) => ({ at: text.search(pattern), refusal }))
    .filter(({ at }) => at >= 0)
    .sort((a, b) => a.at - b.at);
  return found[0]?.refusal ?? null;
};

/** @returns the parameter that a 400 or 422 complains about, when it is one that can be written differently. */
export const readRefusal = (error: unknown): Refusal | null => {
  if (!(error instanceof ProviderError) || error.kind !== 'invalid_request') return null;
  if (error.httpStatus !== 400 && error.httpStatus !== 422) return null;
  if (!refusingCodes.has(error.providerCode ?? '') && !refusingWords.test(error.message)) return null;
  const raw = error.raw as { param?: unknown } | null;
  return typeof raw?.param === 'string' ? firstNamed(raw.param) : firstNamed(error.message);
};

const adapt = (used: Dialect, refusal: Refusal): Dialect => {
  if (refusal === 'stream_options') return { ...used, asksStreamUsage: false };
  if (refusal !== 'token_limit') return { ...used, omitted: new Set([...used.omitted, refusal]) };
  const other = used.tokenLimitField === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
  return { ...used, tokenLimitField: other };
};

export type DialectMemory = {
  of(model: string): Dialect;
  /** Remembers what a refusal of a request written in `used` taught. @returns the dialect to ask again in. */
  learn(model: string, used: Dialect, refusal: Refusal): Dialect;
};

/** Models remembered an instance; names come from callers, so memory is bounded. */
const rememberedModels = 1000;

/**
 * Knows how to write requests to each model: first by its family's name, later by what the endpoint refused.
 *
 * @param options.familyOf the declared family behind a model or deployment name.
 * @param options.tokenLimitField for endpoints that know only one of the two names.
 */
export const createDialectMemory = (options: {
  familyOf: (model: string) => string;
  tokenLimitField?: TokenLimitField | undefined;
}): DialectMemory => {
  const learned = new Map<string, Dialect>();
  return {
    of: (model) => {
      const known = learned.get(model);
      if (known) return known;
      const traits = familyTraits(options.familyOf(model));
      return {
        tokenLimitField: options.tokenLimitField ?? traits.tokenLimitField,
        omitted: new Set(
          traits.takesSampling
            ? []
            : (['temperature', 'top_p', 'presence_penalty', 'frequency_penalty'] as const),
        ),
        asksStreamUsage: true,
      };
    },
    learn: (model, used, refusal) => {
      const dialect = adapt(used, refusal);
      const oldest = learned.keys().next();
      if (learned.size >= rememberedModels && !oldest.done) learned.delete(oldest.value);
      learned.set(model, dialect);
      return dialect;
    },
  };
};
