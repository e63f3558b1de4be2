import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Runs a TypeScript file in a process of its own to its end, and gives what it wrote. */
export async function runInChildProcess(file: string, ...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, ['-r', join(__dirname, 'register-typescript.cjs'), file, ...args]);
  return stdout;
}
