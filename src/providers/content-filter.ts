import type { ContentFilterResult } from './provider.ts';
import type { WireChat, WireError, WireFilterResults } from './wire-types.ts';

const readCategories = (
  results: WireFilterResults | null | undefined,
  source: ContentFilterResult['source'],
): ContentFilterResult[] =>
  Object.entries(results ?? {}).flatMap(([category, result]) => {
    const { filtered, severity } = (result ?? {}) as { filtered?: unknown; severity?: unknown };
    // `error: {code, message}` stands among the categories when the filter itself failed.
    if (typeof filtered !== 'boolean') return [];
    return [{ category, filtered, severity: typeof severity === 'string' ? severity : null, source }];
  });

const orNull = (results: ContentFilterResult[]): ContentFilterResult[] | null =>
  results.length > 0 ? results : null;

/** Azure's filter results of an answer: the prompt's, then the completion's; null where the vendor has none. */
export const readContentFilter = (answer: WireChat<'message'>): ContentFilterResult[] | null =>
  orNull([
    ...(answer.prompt_filter_results ?? []).flatMap((prompt) =>
      readCategories(prompt.content_filter_results ?? prompt.content_filter_result, 'prompt'),
    ),
    ...readCategories(answer.choices?.[0]?.content_filter_results, 'completion'),
  ]);

/** The categories Azure names when it refuses a prompt with HTTP 400; null when it keeps them to itself. */
export const readErrorContentFilter = (error: WireError): ContentFilterResult[] | null =>
  orNull(
    readCategories(
      error.innererror?.content_filter_result ?? error.innererror?.content_filter_results,
      'prompt',
    ),
  );

/** Joins the results that a stream repeats chunk by chunk: a category once filtered stays so. */
export const mergeFilterResults = (
  earlier: WireFilterResults | null | undefined,
  later: WireFilterResults | null | undefined,
): WireFilterResults | null => {
  if (!earlier || !later) return earlier ?? later ?? null;
  const merged: Record<string, unknown> = { ...earlier };
  for (const [category, result] of Object.entries(later)) {
    const before = merged[category] as { filtered?: boolean } | null | undefined;
    if (before?.filtered !== true) merged[category] = result;
  }
  return merged;
};
