/** Every `detail` a run can have, with what it means: the second word after the outcome. */
export const outcomeDetails = {
  empty_answer: 'ok: the model stopped by itself without a word',
  tool_calls: 'ok: the model asked for tools instead of answering',
  no_finish_reason: 'ok: the answer came whole, but the provider did not say why it ended',
  prompt_filtered: 'content_filtered: the provider refused the prompt',
  completion_filtered: 'content_filtered: the provider cut or withheld the answer',
  model_refusal: 'refused: the model declined in the refusal field',
  max_output_tokens: 'truncated: the answer reached the output limit',
  reasoning_exhausted: 'truncated: reasoning used up the output limit before a word of answer',
  deadline: "timeout: the caller's deadline passed",
  provider_timeout: 'timeout: the provider gave up on the call (HTTP 408 or 504)',
  cancelled: 'cancelled: stopped on request',
  connection_failed: 'provider_error: no connection was made, nothing was sent',
  connection_lost:
    'unknown_outcome: the connection broke after sending; the call may have been carried out and billed',
  rate_limited: 'provider_error: the provider asks to slow down',
  overloaded: 'provider_error: the provider has no capacity now',
  server_error: 'provider_error: the provider failed',
  stream_cut: 'truncated: the answer broke off in the middle; what had arrived is kept',
  bad_response: 'provider_error: the answer is not in the format agreed',
  authentication: "provider_error: the provider doesn't accept our credentials",
  permission: 'provider_error: our credentials may not do this',
  out_of_credit: 'provider_error: the account has no money left',
  model_not_found: "provider_error: the provider doesn't know the model",
  context_length: "provider_error: input and output exceed the model's context",
  invalid_request: 'provider_error: the provider rejects the request',
  cap_reached:
    'budget_skipped: what is left of a cap is less than the question might have cost; nothing was sent',
  provider_down: 'provider_error: the provider had not answered anything for a long time; nothing was sent',
  not_askable: 'provider_error: the present configuration does not allow the question; nothing was sent',
  /** Written by the sweep. */
  lease_expired: 'unknown_outcome: the process that made the call died before it could record the answer',
} as const;

export type OutcomeDetail = keyof typeof outcomeDetails;
