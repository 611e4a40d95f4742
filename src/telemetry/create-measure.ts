import type { Meter } from '@opentelemetry/api';
import { type MetricName, metrics } from './metrics.ts';
import type { Telemetry } from './telemetry.ts';

/** One instrument for each metric of the list, all behind one function. */
export const createMeasure = (meter: Meter): Telemetry['measure'] => {
  const instruments = new Map<string, (value: number, labels: Readonly<Record<string, string>>) => void>();
  for (const [name, { kind, unit, about: description }] of Object.entries(metrics)) {
    if (kind === 'counter') {
      const counter = meter.createCounter(name, { unit, description });
      instruments.set(name, (value, labels) => counter.add(value, labels));
    } else if (kind === 'histogram') {
      const histogram = meter.createHistogram(name, { unit, description });
      instruments.set(name, (value, labels) => histogram.record(value, labels));
    } else {
      const gauge = meter.createGauge(name, { unit, description });
      instruments.set(name, (value, labels) => gauge.record(value, labels));
    }
  }
  return (name: MetricName, value, labels = {}) => instruments.get(name)?.(value, labels);
};
