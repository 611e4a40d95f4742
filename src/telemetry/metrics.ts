type Metric = {
  kind: 'counter' | 'histogram' | 'gauge';
  /** As UCUM writes it. */
  unit: string;
  about: string;
  labels: readonly string[];
};

const call = ['provider', 'model', 'outcome'] as const;

/** Every metric of the product. docs/observability.md has them in a table that is made from this. */
export const metrics = {
  'sq.inferences': { kind: 'counter', unit: '{inference}', about: 'settled questions', labels: call },
  'sq.inference.duration': {
    kind: 'histogram',
    unit: 'ms',
    about: 'from the question to its outcome, all attempts together, without the wait for its turn',
    labels: call,
  },
  'sq.inference.first_token': {
    kind: 'histogram',
    unit: 'ms',
    about: 'from the question to the first text of a streamed answer, without the wait for its turn',
    labels: call,
  },
  'sq.inference.retries': {
    kind: 'counter',
    unit: '{attempt}',
    about: 'calls to a provider beyond the first of a question',
    labels: call,
  },
  'sq.inference.tokens': {
    kind: 'counter',
    unit: '{token}',
    about: 'tokens of settled questions, where they are known; `direction` is `input` or `output`',
    labels: [...call, 'direction'],
  },
  'sq.inference.cost': {
    kind: 'counter',
    unit: '{USD}',
    about:
      'cost of settled questions, where it is known; rounded as binary fractions are, the exact sum is in the record',
    labels: call,
  },
  'sq.queue.pending': {
    kind: 'gauge',
    unit: '{item}',
    about: 'items of unfinished batches that nobody has begun',
    labels: [],
  },
  'sq.queue.oldest_lease_age': {
    kind: 'gauge',
    unit: 's',
    about: 'how long the lease that ended first has been over without anybody taking it back; 0: none is',
    labels: [],
  },
  'sq.tick.age': {
    kind: 'gauge',
    unit: 's',
    about: 'time between this tick and the one before',
    labels: [],
  },
  'sq.uploads': { kind: 'gauge', unit: '{upload}', about: 'uploads that are kept', labels: [] },
} as const satisfies Record<string, Metric>;

export type MetricName = keyof typeof metrics;
