// Makes what the service needs at run time its dependencies: the peers of the library, in the versions that are tested.
import { readFileSync, writeFileSync } from 'node:fs';

const file = new URL('../package.json', import.meta.url);
const manifest = JSON.parse(readFileSync(file, 'utf8'));
for (const name of Object.keys(manifest.peerDependencies)) {
  const version = manifest.devDependencies[name];
  if (version === undefined) throw new Error(`${name} is a peer, and no version of it is tested (devDependencies).`);
  manifest.dependencies[name] = version;
}
for (const rest of ['peerDependencies', 'peerDependenciesMeta', 'devDependencies', 'overrides']) delete manifest[rest];
writeFileSync(file, `${JSON.stringify(manifest, undefined, 2)}\n`);
