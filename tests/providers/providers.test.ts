import { createProviders, type ProviderOptions } from '../../src/providers/create-providers.ts';
import type { Provider } from '../../src/providers/provider.ts';
import type { FakeProvider } from '../support/fake-provider.ts';
import { type Candidate, describeProvider, testKey } from './provider-suite.ts';

const make = (options: ProviderOptions, fetch?: typeof globalThis.fetch): Provider => {
  const [provider] = createProviders([options], fetch).values();
  if (!provider) throw new Error('no provider was made');
  return provider;
};

const onWire = (
  name: string,
  options: (fake: FakeProvider) => ProviderOptions,
  traits: { model?: string; embeds?: string; fetch?: typeof globalThis.fetch } = {},
): Candidate => ({
  name,
  model: traits.model ?? 'gpt-4o',
  wire: true,
  embeds: traits.embeds ?? true,
  make: (fake) => make(options(fake), traits.fetch),
  slow: (fake) => {
    fake.respondWith({ ends: 'never' });
    return make(options(fake), traits.fetch);
  },
});

const azure = (key: () => string | Promise<string>) => (fake: FakeProvider) =>
  ({
    kind: 'azure',
    name: 'azure',
    endpoint: `${fake.baseUrls.azure}/openai/v1/`,
    key,
    deployments: [{ name: 'my-deployment', family: 'gpt-4o' }],
  }) satisfies ProviderOptions;

const openai = (fake: FakeProvider) =>
  ({
    kind: 'openai',
    name: 'openai',
    baseUrl: fake.baseUrls.openai,
    key: () => testKey,
  }) satisfies ProviderOptions;

const candidates: Candidate[] = [
  onWire(
    'azure with a key',
    azure(() => testKey),
    { model: 'my-deployment' },
  ),
  onWire(
    'azure with a token',
    azure(async () => testKey),
    { model: 'my-deployment' },
  ),
  onWire('openai', openai),
  onWire("openai over Node's own fetch", openai, { fetch: globalThis.fetch }),
  onWire(
    'hyperbolic',
    (fake) => ({
      kind: 'hyperbolic',
      name: 'hyperbolic',
      baseUrl: fake.baseUrls.hyperbolic,
      key: () => testKey,
    }),
    { embeds: 'Hyperbolic has no embeddings' },
  ),
  onWire('compatible', (fake) => ({
    kind: 'compatible',
    name: 'local-llm',
    baseUrl: fake.baseUrls.compatible,
    key: () => testKey,
    capabilities: { embed: true, listModels: true },
  })),
  {
    name: 'echo',
    model: 'echo',
    wire: 'echo talks to nobody',
    embeds: true,
    make: () => make({ kind: 'echo', name: 'echo' }),
    slow: () => make({ kind: 'echo', name: 'echo', latencyMs: 2000 }),
  },
];

for (const candidate of candidates) describeProvider(candidate);
