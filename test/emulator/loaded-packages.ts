// Run by weight.spec.ts in a process of its own: starts an emulator and prints the packages that were loaded for it.
import { sep } from 'node:path';
import { TwilioEmulator } from '../../src/emulator';

async function main(): Promise<void> {
  const twilio = await TwilioEmulator.start();
  await twilio.stop();
  const inPackages = Object.keys(require.cache).filter((file) => file.includes(`${sep}node_modules${sep}`));
  const names = inPackages.map((file) => {
    const [scope = '', name = ''] = file.split(`${sep}node_modules${sep}`).at(-1)?.split(sep) ?? [];
    return scope.startsWith('@') ? `${scope}/${name}` : scope;
  });
  // The compiler is the test's.
  const own = [...new Set(names)].filter((name) => !name.startsWith('@swc/'));
  process.stdout.write(JSON.stringify(own));
}

void main();
