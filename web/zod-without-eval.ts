import { z } from 'zod';

// zod tries `new Function` to compile objects, which the page's policy forbids and the browser would report. Imported first.
z.config({ jitless: true });
