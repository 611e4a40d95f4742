import { randomUUIDv7 } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientBase } from 'pg';
import { z } from 'zod';

const PerMillion = z.string().regex(/^\d+(\.\d+)?$/);

/** A dated file of list prices: USD for one million tokens, as decimal strings; null where none is published. */
const PriceFile = z.strictObject({
  effectiveFrom: z.iso.datetime(),
  comment: z.string(),
  prices: z.array(
    z.strictObject({
      providers: z.array(z.string().min(1)).min(1),
      models: z.array(z.string().min(1)).min(1),
      input: PerMillion,
      cachedInput: PerMillion.nullable(),
      output: PerMillion,
      reasoning: PerMillion.nullable(),
    }),
  ),
});

const insertMissing = `
  insert into prices (
    id, provider, model, effective_from,
    input_per_million, cached_input_per_million, output_per_million, reasoning_per_million, source
  )
  select id, provider, model, effective_from, input, cached_input, output, reasoning, source
  from jsonb_to_recordset($1::jsonb) as seed (
    id uuid, provider text, model text, effective_from timestamptz,
    input numeric, cached_input numeric, output numeric, reasoning numeric, source text
  )
  on conflict (provider, model, effective_from) do nothing`;

/**
 * Adds the prices of every file in `pricesDir` that the table does not have yet; rows that exist stay as they are.
 * @returns how many were added
 */
export const seedPrices = async (client: ClientBase, pricesDir: string): Promise<number> => {
  const files = (await readdir(pricesDir)).filter((name) => name.endsWith('.json')).sort();
  let added = 0;
  for (const source of files) {
    const content = PriceFile.parse(JSON.parse(await readFile(join(pricesDir, source), 'utf8')));
    const rows = content.prices.flatMap((price) =>
      price.providers.flatMap((provider) =>
        price.models.map((model) => ({
          id: randomUUIDv7(),
          provider,
          model,
          effective_from: content.effectiveFrom,
          input: price.input,
          cached_input: price.cachedInput,
          output: price.output,
          reasoning: price.reasoning,
          source,
        })),
      ),
    );
    added += (await client.query(insertMissing, [JSON.stringify(rows)])).rowCount ?? 0;
  }
  return added;
};
