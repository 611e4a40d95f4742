import { useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import { firstUseOf, type UnpricedModel, usePrices } from '../api/use-prices.ts';
import { useHasScope } from '../api/use-session.ts';
import { datePrices } from '../format/date-prices.ts';
import { toLocalInput } from '../format/format-times.ts';
import { emptyPrice } from '../format/price-draft.ts';
import { ChoiceField } from '../parts/choice-field.tsx';
import { NeedsScope } from '../parts/needs-scope.tsx';
import { EmptyNotice, ErrorNotice, Loading } from '../parts/notices.tsx';
import { PageHead } from '../parts/page-head.tsx';
import { PriceForm } from '../parts/price-form.tsx';
import { PriceTable } from '../parts/price-table.tsx';
import { RecostCard } from '../parts/recost-card.tsx';
import { UnpricedModels } from '../parts/unpriced-models.tsx';

export const PricesPage = () => {
  const isAdmin = useHasScope('admin');
  const query = usePrices();
  const [search, setSearch] = useSearchParams();
  const [draft, setDraft] = useState(emptyPrice);
  const form = useRef<HTMLDivElement>(null);
  const book = query.data ?? [];
  const providers = [...new Set(book.map(({ provider }) => provider))].toSorted();
  const chosen = search.get('provider') ?? '';
  const shown = datePrices(
    book.filter(({ provider }) => chosen === '' || provider === chosen),
    Date.now(),
  );
  const price = async (model: UnpricedModel) => {
    form.current?.scrollIntoView({ block: 'start' });
    // A price from then on reaches all that was asked.
    const since = await firstUseOf(model).catch(() => null);
    setDraft({
      ...emptyPrice,
      provider: model.provider,
      model: model.model,
      effectiveFrom: toLocalInput(since ?? undefined),
    });
    form.current?.querySelector<HTMLInputElement>('input[inputmode="decimal"]')?.focus();
  };
  return (
    <>
      <PageHead
        title="Prices"
        up={{ href: '/settings', label: 'Settings' }}
        about="USD for a million tokens, each price from its date on. A price is never changed; a run keeps the one that was in force when it was asked."
      />
      <div className="stack">
        <UnpricedModels onPrice={isAdmin ? (model) => void price(model) : undefined} />
        {query.isPending && <Loading rows={8} />}
        {query.isError && <ErrorNotice error={query.error} onRetry={() => void query.refetch()} />}
        {query.isSuccess && (
          <section className="stack" aria-labelledby="book">
            <div className="card-head">
              <h2 id="book">Price book</h2>
              <ChoiceField
                label="Provider"
                value={chosen}
                choices={{ '': 'any', ...Object.fromEntries(providers.map((name) => [name, name])) }}
                onChange={(provider) => setSearch(provider === '' ? {} : { provider }, { replace: true })}
              />
            </div>
            {shown.length === 0 ? <EmptyNotice title="No price is known" /> : <PriceTable prices={shown} />}
          </section>
        )}
        <NeedsScope scope="admin">
          <div ref={form}>
            <PriceForm draft={draft} onChange={setDraft} />
          </div>
          <RecostCard providers={providers} />
        </NeedsScope>
      </div>
    </>
  );
};
