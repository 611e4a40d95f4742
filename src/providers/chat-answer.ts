import { readContentFilter } from './content-filter.ts';
import { mapFinishReason } from './map-finish-reason.ts';
import { type HeaderReader, readProviderRequestId, readRateLimit } from './map-rate-limit.ts';
import { mapUsage } from './map-usage.ts';
import type { CompletionAnswer } from './provider.ts';
import type { WireChat } from './wire-types.ts';

/** `content` is a text, or (some endpoints) a list of parts of which the text ones count. */
export const readText = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: { text?: unknown } | null) => (typeof part?.text === 'string' ? part.text : ''))
    .join('');
};

/** @returns the answer in our normal form, or null where the vendor's has no choice to read. */
export const readChatAnswer = (
  raw: unknown,
  call: { requestedModel: string; omittedParameters: readonly string[]; headers: HeaderReader },
): CompletionAnswer | null => {
  if (typeof raw !== 'object' || raw === null) return null;
  const wire = raw as WireChat<'message'>;
  const choice = Array.isArray(wire.choices) ? wire.choices[0] : undefined;
  if (!choice?.message) return null;
  return {
    text: readText(choice.message.content),
    refusal: choice.message.refusal || null,
    finishReason: mapFinishReason(choice.finish_reason),
    requestedModel: call.requestedModel,
    servedModel: wire.model || null,
    usage: mapUsage(wire.usage),
    providerRequestId: readProviderRequestId(call.headers),
    systemFingerprint: wire.system_fingerprint || null,
    rateLimit: readRateLimit(call.headers, 200),
    contentFilter: readContentFilter(wire),
    ...(call.omittedParameters.length > 0 ? { omittedParameters: call.omittedParameters } : {}),
    raw,
  };
};
