import { send } from './http-client.ts';

export type ResultFormat = 'native' | 'openai';

/** Hands a file to the browser. */
export const saveFile = (name: string, parts: BlobPart[], type: string): void => {
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
};

/** All settled items of a batch as one file, page by page. @returns its lines. */
export const downloadResults = async (
  batchId: string,
  format: ResultFormat,
  onPage: (lines: number) => void,
): Promise<number> => {
  const parts: string[] = [];
  let lines = 0;
  let cursor: string | undefined;
  do {
    const response = await send('GET', `/api/v1/batches/${batchId}/results`, {
      query: { format, limit: 10_000, cursor },
    });
    const text = await response.text();
    parts.push(text);
    lines += text.split('\n').length - 1;
    onPage(lines);
    cursor = response.headers.get('x-sq-next-cursor') ?? undefined;
  } while (cursor !== undefined);
  saveFile(`batch-${batchId}${format === 'openai' ? '-openai' : ''}.jsonl`, parts, 'application/x-ndjson');
  return lines;
};
