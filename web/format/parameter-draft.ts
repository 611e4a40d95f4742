import { Parameters } from '../../src/contract/inference.ts';

/** Parameters as they are typed; `more` is JSON with those that have no field of their own. */
export type ParameterDraft = {
  temperature: string;
  maxOutputTokens: string;
  topP: string;
  seed: string;
  more: string;
};
type NumberName = Exclude<keyof ParameterDraft, 'more'>;
export type ParameterFaults = Partial<Record<keyof ParameterDraft, string>>;

const numberNames: readonly NumberName[] = ['temperature', 'maxOutputTokens', 'topP', 'seed'];
const isNumberName = (name: unknown): name is NumberName => numberNames.some((each) => each === name);

export const emptyParameters: ParameterDraft = {
  temperature: '',
  maxOutputTokens: '',
  topP: '',
  seed: '',
  more: '',
};

const readMore = (text: string): object | null => {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null;
  } catch {
    return null;
  }
};

/** What is empty is left to the provider. @returns null with the faults by field where the API would refuse it */
export const readParameters = (
  draft: ParameterDraft,
): { parameters: Parameters | null; faults: ParameterFaults } => {
  const more = readMore(draft.more);
  if (more === null) return { parameters: null, faults: { more: 'is no JSON object' } };
  const numbers = numberNames.flatMap((name) => {
    const text = draft[name].trim();
    return text === '' ? [] : [[name, Number.isNaN(Number(text)) ? text : Number(text)]];
  });
  const parsed = Parameters.safeParse({ ...more, ...Object.fromEntries(numbers) });
  if (parsed.success) return { parameters: parsed.data, faults: {} };
  const faults: ParameterFaults = {};
  for (const { path, message } of parsed.error.issues) {
    const [name] = path;
    if (isNumberName(name)) faults[name] ??= message;
    else faults.more ??= path.length === 0 ? message : `${path.join('/')}: ${message}`;
  }
  return { parameters: null, faults };
};

export const draftParameters = ({
  temperature,
  maxOutputTokens,
  topP,
  seed,
  ...more
}: Parameters): ParameterDraft => ({
  temperature: String(temperature ?? ''),
  maxOutputTokens: String(maxOutputTokens ?? ''),
  topP: String(topP ?? ''),
  seed: String(seed ?? ''),
  more: Object.keys(more).length === 0 ? '' : JSON.stringify(more),
});
