// Compiles src to dist, when anything changed since the last time, and copies the pages beside it.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
} catch (error) {
  process.exit(error.status ?? 1);
}
if (existsSync(`${root}src/emulator/page`)) {
  cpSync(`${root}src/emulator/page`, `${root}dist/emulator/page`, { recursive: true });
}
