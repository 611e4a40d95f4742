import { buildChatBody } from './build-chat-body.ts';
import { type CallDeadline, openCallDeadline } from './call-deadline.ts';
import { readChatAnswer } from './chat-answer.ts';
import { createChatAssembly } from './chat-assembly.ts';
import { createDialectMemory, type Dialect, readRefusal } from './dialect-memory.ts';
import { createEndpoint, type Endpoint, type EndpointAnswer, type ReadKey } from './endpoint.ts';
import { embed, listModels } from './endpoint-lists.ts';
import type { TokenLimitField } from './model-family.ts';
import type {
  CompletionAnswer,
  CompletionRequest,
  ModelInfo,
  Provider,
  ProviderCapabilities,
  ProviderKind,
  StreamEvent,
} from './provider.ts';
import type { Fetch } from './wire-client.ts';
import type { WireChat } from './wire-types.ts';

export type ChatCompletionsOptions = {
  name: string;
  kind: ProviderKind;
  baseUrl: string;
  /** Key or token, asked for at each call; null: the endpoint wants none. */
  key: ReadKey | null;
  fetch: Fetch;
  capabilities: ProviderCapabilities;
  declaredModels: readonly ModelInfo[] | null;
  /** For endpoints that know only one name of the token limit, whatever the model. */
  tokenLimitField?: TokenLimitField | undefined;
};

/** A new model may refuse several parameters, and endpoints name them one at a time. */
const maxLearningSteps = 3;

/**
 * A provider over the chat-completions protocol that Azure (v1 API), OpenAI, Hyperbolic and many others speak.
 *
 * A call is one HTTP request, except where the endpoint answers 400 to a parameter that can be written differently
 * (`max_tokens`, sampling of reasoning models, `stream_options`): then the request is written anew and sent once more for
 * each such parameter, within the same deadline. The lesson is kept for the model. Such a refusal costs nothing.
 */
export const createChatCompletions = (options: ChatCompletionsOptions): Provider => {
  const endpoint: Endpoint = createEndpoint(options);
  const declared = new Map((options.declaredModels ?? []).map((model) => [model.id, model]));
  const dialects = createDialectMemory({
    familyOf: (model) => declared.get(model)?.family ?? model,
    tokenLimitField: options.tokenLimitField,
  });

  /** Sends until the endpoint understands every parameter or refuses for another reason. */
  const send = async <Answer extends EndpointAnswer>(
    request: CompletionRequest,
    post: (body: Record<string, unknown>) => Promise<Answer>,
    stream: boolean,
  ): Promise<Answer & { omittedParameters: readonly string[] }> => {
    let dialect: Dialect = dialects.of(request.model);
    const refused = new Set<string>();
    for (;;) {
      const { body, omittedParameters } = buildChatBody(request, dialect, stream);
      try {
        return { ...(await post(body)), omittedParameters };
      } catch (error) {
        const refusal = readRefusal(error);
        if (refusal === null || refused.has(refusal) || refused.size === maxLearningSteps) throw error;
        refused.add(refusal);
        dialect = dialects.learn(request.model, dialect, refusal);
      }
    }
  };

  const complete = async (request: CompletionRequest): Promise<CompletionAnswer> => {
    const deadline = openCallDeadline(request);
    try {
      const sent = await send(
        request,
        (body) => endpoint.postJson('/chat/completions', body, call(deadline, request)),
        false,
      );
      const answer = readChatAnswer(sent.body, {
        requestedModel: request.model,
        omittedParameters: sent.omittedParameters,
        headers: sent.headers,
      });
      if (answer === null) throw endpoint.badResponse('answered without any choice', sent.headers, sent.body);
      return answer;
    } finally {
      deadline.close();
    }
  };

  async function* streamChunks(request: CompletionRequest): AsyncGenerator<StreamEvent> {
    const deadline = openCallDeadline(request);
    const assembly = createChatAssembly();
    try {
      const sent = await send(
        request,
        (body) => endpoint.postStream('/chat/completions', body, call(deadline, request)),
        true,
      );
      try {
        for await (const chunk of sent.chunks) {
          const text = assembly.add((chunk ?? {}) as WireChat<'delta'>);
          if (text !== '') yield { type: 'delta', text };
        }
      } catch (error) {
        // The connection may break behind the last word: the answer is whole, only its usage may be missing.
        if (!assembly.finished())
          throw endpoint.streamError(error, assembly.partial(), sent, call(deadline, request));
      }
      // The SDK ends an aborted stream without a word.
      if (!assembly.finished())
        throw endpoint.streamError(null, assembly.partial(), sent, call(deadline, request));
      const answer = readChatAnswer(assembly.answer(), {
        requestedModel: request.model,
        omittedParameters: sent.omittedParameters,
        headers: sent.headers,
      });
      if (answer === null) throw endpoint.badResponse('streamed no answer', sent.headers, assembly.answer());
      yield { type: 'end', answer };
    } finally {
      deadline.close();
    }
  }

  /** For endpoints that can't stream: the whole answer as one piece. */
  async function* streamWhole(request: CompletionRequest): AsyncGenerator<StreamEvent> {
    const answer = await complete(request);
    if (answer.text !== '') yield { type: 'delta', text: answer.text };
    yield { type: 'end', answer };
  }

  return {
    name: options.name,
    kind: options.kind,
    capabilities: options.capabilities,
    declaredModels: options.declaredModels,
    complete,
    stream: options.capabilities.stream ? streamChunks : streamWhole,
    ...(options.capabilities.embed ? { embed: (request) => embed(endpoint, request) } : {}),
    listModels: async (list = {}) =>
      options.capabilities.listModels
        ? await listModels(endpoint, declared, list)
        : [...(options.declaredModels ?? [])],
  };
};

const call = (deadline: CallDeadline, request: { timeoutMs: number }) => ({
  deadline,
  timeoutMs: request.timeoutMs,
});
