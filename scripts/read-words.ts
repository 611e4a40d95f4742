import { type ParseArgsConfig, parseArgs } from 'node:util';

type Options = NonNullable<ParseArgsConfig['options']>;

/**
 * The options of a command. `--help` prints `help` and ends the process with 0; words that make no sense end it with 2 and one line
 * that says which.
 */
export const readWords = <Given extends Options>(
  command: { name: string; help: string },
  options: Given,
  words: string[] = process.argv.slice(2),
): ReturnType<typeof parseArgs<{ options: Given }>>['values'] => {
  if (words.includes('--help') || words.includes('-h')) {
    process.stdout.write(`${command.help}\n`);
    process.exit(0);
  }
  try {
    return parseArgs({ args: words, options }).values;
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    process.stderr.write(`${command.name}: ${said} (--help says more)\n`);
    process.exit(2);
  }
};
