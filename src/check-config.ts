import { loadConfig } from './config/config.ts';
import { ConfigError } from './config/config-error.ts';

// Run before a start, so that a wrong setting stops it with one message instead of a half-started host.
try {
  loadConfig();
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
