import { z } from 'zod/v4';

// zod tries `new Function` to compile objects, which the page's policy forbids and the browser would report. The build puts this
// module in the place of `zod` (scripts/build-web.ts), so that it comes before the first schema, however chunks are cut.
z.config({ jitless: true });

export { z };
