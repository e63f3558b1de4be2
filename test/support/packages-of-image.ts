import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir } from 'node:fs/promises';
import { join } from 'node:path';

interface Locked {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly peerDependencies?: Record<string, string>;
  readonly peerDependenciesMeta?: Record<string, { readonly optional?: boolean }>;
}

/**
 * Puts into the folder what `npm install --omit=dev` would, after `deploy/service-packages.mjs`: the packages that the
 * lock file says, from where they are installed here, and none of the tools.
 */
export async function installPackagesOfImage(root: string, folder: string): Promise<void> {
  await mkdir(join(folder, 'deploy'), { recursive: true });
  for (const file of ['package.json', 'deploy/service-packages.mjs']) await cp(join(root, file), join(folder, file));
  execFileSync(process.execPath, ['deploy/service-packages.mjs'], { cwd: folder });
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Locked;
  const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>;
  };
  const paths = [...pathsOf(manifest, lock.packages)].filter(
    // What is below another package comes with that; binaries of other platforms are not here.
    (path) => path.lastIndexOf('node_modules/') === 0 && existsSync(join(root, path)),
  );
  execFileSync('cp', ['-r', '--parents', ...paths, folder], { cwd: root });
}

/** Where the lock file has the packages that are needed, and those that they need. */
function pathsOf(manifest: Locked, packages: Readonly<Record<string, Locked>>): ReadonlySet<string> {
  const paths = new Set<string>();
  const visit = (
    path: string,
    { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta }: Locked,
  ) => {
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies })) {
      if (peerDependenciesMeta?.[name]?.optional === true) continue;
      const found = resolve(path, name, packages);
      if (found === undefined)
        throw new Error(`${path || 'The service'} needs ${name}, which is not in package-lock.json.`);
      if (paths.has(found)) continue;
      paths.add(found);
      visit(found, packages[found]!);
    }
  };
  visit('', manifest);
  return paths;
}

/** The nearest `node_modules` that has it. */
function resolve(from: string, name: string, packages: Readonly<Record<string, Locked>>): string | undefined {
  const path = `${from === '' ? '' : `${from}/`}node_modules/${name}`;
  if (path in packages) return path;
  return from === ''
    ? undefined
    : resolve(from.slice(0, Math.max(0, from.lastIndexOf('/node_modules/'))), name, packages);
}
