import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Finding, ScenarioOptions } from '../scenario';

const program = join(__dirname, '../rotate.mjs');
const LIMIT_MS = 145_000;

/** Auth tokens rotated under load, by a program of its own: no webhook is refused and no message fails. */
export function rotate({ engine, signal }: ScenarioOptions): Promise<Finding> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, '--engine', engine], {
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: LIMIT_MS,
      ...(signal && { signal }),
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.once('error', reject);
    child.once('close', (code) => {
      const [summary = '', ...said] = output.trim().split('\n');
      const problems = said.length > 0 ? said : [`it ended with ${code ?? 'a signal'}`];
      resolve({ summary: summary.replace(/^\w+: /, ''), problems: code === 0 ? [] : problems });
    });
  });
}
