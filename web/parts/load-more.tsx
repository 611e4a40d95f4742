type LoadMoreProps = {
  query: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => unknown };
};

export const LoadMore = ({ query }: LoadMoreProps) =>
  query.hasNextPage ? (
    <button
      type="button"
      className="button load-more"
      disabled={query.isFetchingNextPage}
      onClick={() => query.fetchNextPage()}
    >
      {query.isFetchingNextPage ? 'Loading…' : 'Show more'}
    </button>
  ) : null;
