// One run of autocannon as a process of its own: the load must not share an event loop with what is measured. A fixed
// number of requests, not a time: at the end nothing is in flight, so answers and rows can be compared.
import autocannon from 'autocannon';
import { median } from './benchmark.ts';

export type Load = {
  url: string;
  connections: number;
  amount: number;
  headers: Record<string, string>;
  body: string;
};

export type LoadResult = {
  answered2xx: number;
  others: Record<string, number>;
  perSecond: number;
  msP50: number;
};

process.on('message', ({ url, connections, amount, headers, body }: Load) => {
  const statusCounts = new Map<number, number>();
  const timesMs: number[] = [];
  let lastAnswerAt = 0; // autocannon itself only looks once a second whether it is done
  const instance = autocannon(
    { url, connections, amount, headers, body, method: 'POST', timeout: 30 },
    (error, result) => {
      if (error) throw error;
      const answered2xx = statusCounts.get(201) ?? statusCounts.get(200) ?? 0;
      const others: LoadResult['others'] = { errors: result.errors, timeouts: result.timeouts };
      for (const [status, count] of statusCounts) if (status >= 300) others[status] = count;
      const seconds = (lastAnswerAt - startedAt) / 1000;
      process.send?.({ answered2xx, others, perSecond: answered2xx / seconds, msP50: median(timesMs) });
      process.disconnect();
    },
  );
  const startedAt = performance.now();
  instance.on('response', (_client, statusCode, _bytes, responseMs) => {
    statusCounts.set(statusCode, (statusCounts.get(statusCode) ?? 0) + 1);
    timesMs.push(responseMs);
    lastAnswerAt = performance.now();
  });
});
