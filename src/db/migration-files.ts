import { join } from 'node:path';

/** Where the files of migrations and prices are: beside this file, and beside the bundle that holds it. */
export const migrationFiles = {
  migrationsDir: join(import.meta.dirname, 'migrations'),
  pricesDir: join(import.meta.dirname, 'prices'),
};
