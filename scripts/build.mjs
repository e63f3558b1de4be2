// Compiles src to dist, when anything changed since the last time, and copies the pages beside it.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsc = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url));

try {
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' });
} catch (error) {
  process.exit(error.status ?? 1);
}
rmSync(`${root}dist/emulator/page`, { recursive: true, force: true });
cpSync(`${root}src/emulator/page`, `${root}dist/emulator/page`, { recursive: true });

// The compiler leaves behind what it once made from files that are gone.
for (const file of readdirSync(`${root}dist`, { recursive: true })) {
  const source = file.replace(/(\.d\.ts|\.js)$/, '.ts');
  const isCompiled = source !== file && !file.startsWith(join('emulator', 'page'));
  if (isCompiled && !existsSync(join(root, 'src', source))) rmSync(join(root, 'dist', file));
}
