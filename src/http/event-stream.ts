export type EventStream = {
  body: ReadableStream<Uint8Array>;
  /** Does nothing once the stream is closed, or nobody reads it any more. */
  send(event: string, data: unknown): void;
  close(): void;
};

const encoder = new TextEncoder();

/**
 * Server-sent events that are pushed: numbered from 1, data as JSON, and a comment after each silence. Who sends never waits for who
 * reads: the platform takes everything at once anyway, and doesn't say when its client has left.
 *
 * @param heartbeatMs the longest silence; the platform's front end closes a connection after some minutes of it
 */
export const openEventStream = (heartbeatMs: number): EventStream => {
  let controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  let lastId = 0;
  const body = new ReadableStream<Uint8Array>({
    start: (opened) => {
      controller = opened;
    },
    cancel: () => {
      controller = null;
      clearInterval(heartbeat);
    },
  });
  const write = (text: string): void => {
    controller?.enqueue(encoder.encode(text));
    heartbeat.refresh();
  };
  const heartbeat = setInterval(() => write(': still here\n\n'), heartbeatMs);
  return {
    body,
    send: (event, data) => {
      if (controller === null) return;
      lastId += 1;
      write(`id: ${lastId}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
    },
    close: () => {
      clearInterval(heartbeat);
      controller?.close();
      controller = null;
    },
  };
};
