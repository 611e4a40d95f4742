import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import { downloadResults, type ResultFormat } from '../api/batch-downloads.ts';
import { formatCount } from '../format/format-values.ts';
import { Icon } from './icon.tsx';
import { ErrorNotice } from './notices.tsx';

/** All settled items as one file, whatever the number of pages. */
export const ResultDownload = ({ batchId }: { batchId: string }) => {
  const [lines, setLines] = useState(0);
  const download = useMutation({
    mutationFn: (format: ResultFormat) => downloadResults(batchId, format, setLines),
  });
  return (
    <>
      <button
        type="button"
        className="button"
        disabled={download.isPending}
        onClick={() => download.mutate('native')}
      >
        <Icon name="download" />
        {download.isPending ? `${formatCount(lines)} lines…` : 'Results'}
      </button>
      <button
        type="button"
        className="button"
        disabled={download.isPending}
        onClick={() => download.mutate('openai')}
      >
        <Icon name="download" />
        As OpenAI’s
      </button>
      {download.isError && <ErrorNotice error={download.error} />}
    </>
  );
};
