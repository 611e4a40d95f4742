import { type ExportResult, ExportResultCode } from '@opentelemetry/core';
import type { Logger } from './logger.ts';

type Exporter<Items> = {
  /** Some throw, or reject, instead of saying that they failed. */
  export(items: Items, done: (result: ExportResult) => void): void | Promise<void>;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
};

export type RestingExporterOptions<Items> = {
  inner: Exporter<Items>;
  /** Of whom it exports to, for the log. */
  name: string;
  withinMs: number;
  logger: Logger;
  /** Epoch ms. */
  now?: (() => number) | undefined;
};

const failuresInARow = 3;
const restMs = 30_000;

/**
 * Leaves a receiver that is down alone: after three failures in a row, silence among them, everything is dropped for half a minute.
 * Otherwise questions and answers would pile up in memory, waiting for somebody who isn't there.
 */
export const createRestingExporter = <Items>(
  options: RestingExporterOptions<Items>,
): Exporter<Items> & { forceFlush(): Promise<void> } => {
  const { inner, name, withinMs, logger, now = Date.now } = options;
  let failures = 0;
  let restsUntil = 0;

  const note = (result: ExportResult): void => {
    if (result.code === ExportResultCode.SUCCESS) {
      failures = 0;
      return;
    }
    failures += 1;
    if (failures < failuresInARow) return;
    failures = 0;
    restsUntil = now() + restMs;
    // Only its class: an SDK's error may hold the request, with what is in it.
    logger.warn('telemetry is dropped for a while: its receiver does not take it', {
      receiver: name,
      error: result.error?.name,
      restMs,
    });
  };

  return {
    export: (items, done) => {
      if (now() < restsUntil) {
        done({ code: ExportResultCode.FAILED, error: new Error(`${name} is left alone`) });
        return;
      }
      let isOver = false;
      const end = (result: ExportResult): void => {
        if (isOver) return;
        isOver = true;
        clearTimeout(timer);
        note(result);
        done(result);
      };
      const timer = setTimeout(
        () => end({ code: ExportResultCode.FAILED, error: new Error(`${name} kept silent`) }),
        withinMs,
      );
      const broken = (error: unknown): void =>
        end({ code: ExportResultCode.FAILED, error: error instanceof Error ? error : new Error(name) });
      try {
        inner.export(items, end)?.catch(broken);
      } catch (error) {
        broken(error);
      }
    },
    forceFlush: async () => inner.forceFlush?.(),
    shutdown: () => inner.shutdown(),
  };
};
