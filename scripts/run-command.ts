import { spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import path from 'node:path';

export type Command = {
  program: string;
  parameters: readonly string[];
  cwd?: string;
  /** Added to our environment; shown by name only. */
  env?: Readonly<Record<string, string>>;
};

/** As one would type it; values of the environment are not shown. */
export const showCommand = ({ program, parameters, env = {} }: Command): string =>
  [
    ...Object.keys(env).map((name) => `${name}=…`),
    program,
    ...parameters.map((word) =>
      /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`,
    ),
  ].join(' ');

/**
 * Runs a program of this machine. What it says goes to the terminal, or with `capture` to the caller.
 * @throws {Error} naming the program, when it is not there or ends with anything but 0
 */
export const runCommand = (command: Command, options: { capture?: boolean } = {}): Promise<string> =>
  new Promise((resolve, reject) => {
    const { program, parameters, cwd, env } = command;
    const child = spawn(program, parameters, {
      ...(cwd === undefined ? {} : { cwd }),
      env: { ...process.env, ...env },
      stdio: ['ignore', options.capture === true ? 'pipe' : 'inherit', 'inherit'],
    });
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'ENOENT' ? new Error(`${program} is not installed`, { cause }) : cause),
    );
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${program} ${parameters[0] ?? ''} ended with ${code}`));
    });
  });

/** Whether the path has a program of this name; on Windows that of its command files. */
export const isInstalled = (program: string): boolean => {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd'] : [''];
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  return folders.some((folder) =>
    endings.some((ending) => {
      try {
        accessSync(path.join(folder, `${program}${ending}`), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
};
