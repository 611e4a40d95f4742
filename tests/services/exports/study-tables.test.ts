import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { type OpenExports, openExports } from '../support/open-exports.ts';

let open: OpenExports;
beforeAll(async () => {
  open = await openExports();
});
afterAll(() => open.close());

const readCsv = (content: Buffer): Record<string, string>[] =>
  parse(content, { columns: true, record_delimiter: '\r\n', relax_quotes: false });

describe('figures of the study', () => {
  const model = '=figures';
  beforeAll(async () => {
    await open.record({ model }, { costUsd: '0.000123' });
    await open.record({ model }, { usage: null, costUsd: null, text: null, outcome: 'timeout' });
  });

  it('are a table of one fact a column, guarded as all text is; unknown is empty', async () => {
    const request = { what: 'comparison', filter: { model }, options: { by: 'model' } } as const;
    const csv = await open.create({ ...request, format: 'csv' });
    expect(csv).toMatchObject({ status: 'ready', rows: 1, options: { by: 'model' } });
    expect(readCsv(await open.download(csv.id))[0]).toMatchObject({
      key: `'${model}`,
      run_count: '2',
      ok_count: '1',
      timeout_count: '1',
      success_rate: '0.5',
      cost_usd: '0.000123',
      unknown_cost_count: '1',
      first_token_ms_p99: '',
      cached_input_tokens: '',
    });
    const json = await open.create({ ...request, format: 'json', gzip: true });
    expect(JSON.parse(gunzipSync(await open.download(json.id)).toString())).toEqual([
      expect.objectContaining({ key: model, runCount: 2, costUsd: '0.000123', firstTokenMs: null }),
    ]);
  });

  it('may be a series or a distribution', async () => {
    const series = await open.create({
      what: 'timeseries',
      format: 'jsonl',
      filter: { model },
      options: { bucket: 'week', measure: 'runs', split: 'provider' },
    });
    expect(JSON.parse((await open.download(series.id)).toString())).toMatchObject({ key: 'echo', value: 2 });
    const spread = await open.create({
      what: 'distribution',
      format: 'csv',
      filter: { model },
      options: { of: 'inputTokens' },
    });
    expect(readCsv(await open.download(spread.id))).toMatchObject([{ of: 'inputTokens', count: '1' }]);
  });
});
