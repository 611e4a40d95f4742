/** Every migration of this build, oldest first. The files themselves are not shipped with the app's code; a test compares. */
export const knownMigrations: readonly string[] = [
  '0001_extensions',
  '0002_access',
  '0003_prices',
  '0004_runs',
  '0005_batches',
  '0006_uploads',
  '0007_trace',
  '0008_first_token',
  '0009_exports',
  '0010_rollups',
  '0011_embeddings',
  '0012_entra_sessions',
  '0013_export_tables',
];
