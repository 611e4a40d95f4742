export type TokenLimitField = 'max_tokens' | 'max_completion_tokens';

/** How a family of models wants to be asked. */
export type FamilyTraits = {
  tokenLimitField: TokenLimitField;
  /** False for reasoning models: they answer 400 to temperature, top_p and the penalties. */
  takesSampling: boolean;
};

const reasoning: FamilyTraits = { tokenLimitField: 'max_completion_tokens', takesSampling: false };
const newerChat: FamilyTraits = { tokenLimitField: 'max_completion_tokens', takesSampling: true };
const classic: FamilyTraits = { tokenLimitField: 'max_tokens', takesSampling: true };

/**
 * What is known from a family's name alone; anything unknown is asked the classic way, and a refusal is learned from.
 *
 * @param family such as `gpt-4o`, `o3-mini`, `gpt-5.1`, `openai/o4-mini`. Azure writes `gpt-35-turbo` for 3.5.
 */
export const familyTraits = (family: string): FamilyTraits => {
  const name = family.slice(family.lastIndexOf('/') + 1).toLowerCase();
  if (/^gpt-[5-9](\.\d+)?-chat/.test(name)) return newerChat;
  if (/^(o[1-9]|gpt-[5-9]|codex-)(?![0-9])/.test(name)) return reasoning;
  return classic;
};
