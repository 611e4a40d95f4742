export type SettingFault = { setting: string; message: string };

/** The environment is wrong. The message names every faulty setting, and never a value. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly faults: readonly SettingFault[];

  constructor(faults: readonly SettingFault[]) {
    const lines = faults.map(({ setting, message }) => `  ${setting}: ${message}`);
    super(`The configuration is wrong:\n${lines.join('\n')}`);
    this.faults = faults;
  }
}
