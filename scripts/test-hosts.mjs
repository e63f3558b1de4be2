// Installs the packed package into fresh apps, as a user would: NestJS 11 and 12, CommonJS and ES modules, Express and
// Fastify. Checks what is in the package, what comes with it, that its types resolve, and that each app does its work.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('..', import.meta.url));
const name = 'nestjs-whatsapp-twilio';
const entries = [name, `${name}/testing`, `${name}/emulator`];

const bare = {
  11: ['@nestjs/common@^11', '@nestjs/core@^11', '@nestjs/config@^4', '@nestjs/terminus@^11'],
  12: ['@nestjs/common@^12', '@nestjs/core@^12', '@nestjs/config@^12', '@nestjs/terminus@^12'],
};
const platforms = ['express', 'fastify'];
const formats = { cjs: 'commonjs', esm: 'module' };

/** What a user must not get by installing the library. */
const unwanted = /^(express|fastify|@fastify\/.+|@nestjs\/(platform-.+|swagger)|swagger-ui.*|twilio|koa|react|vue)$/;
/** What belongs in the tarball; of `dist` only what is compiled from a file of `src` that is not the demo. */
const wanted = /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|\.env\.example|openapi\.json|dist\/.+)$/;

const started = Date.now();
const temporary = await mkdtemp(join(tmpdir(), 'whatsapp-twilio-hosts-'));
const failures = [];
let checks = 0;

try {
  const tarball = await pack();
  for (const [nest, packages] of Object.entries(bare)) await testHost(nest, packages, tarball);
} finally {
  await rm(temporary, { recursive: true, force: true });
}
console.log(`\n${checks - failures.length} passed, ${failures.length} failed, in ${seconds(Date.now() - started)}`);
for (const failure of failures) console.error(`\n${failure}`);
process.exitCode = failures.length === 0 ? 0 : 1;

async function pack() {
  const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', temporary], {
    cwd: root,
  });
  const [{ filename, files, unpackedSize, size }] = JSON.parse(stdout);
  console.log(`${filename}: ${files.length} files, ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} unpacked`);
  await check('the tarball holds the compiled package and its papers, nothing else', () => {
    const strangers = files.map(({ path }) => path).filter((path) => !wanted.test(path) || !hasSource(path));
    if (strangers.length > 0) throw new Error(`Not wanted: ${strangers.join(', ')}`);
  });
  return join(temporary, filename);
}

/** A file of `dist` whose source is gone is left over from an earlier build. */
function hasSource(path) {
  if (!path.startsWith('dist/')) return true;
  if (path.startsWith('dist/demo/') || path.endsWith('.tsbuildinfo') || path.includes('.spec.')) return false;
  const source = path.replace(/^dist/, 'src');
  return [source, source.replace(/(\.d)?\.[jt]s$/, '.ts')].some((file) => existsSync(join(root, file)));
}

async function testHost(nest, packages, tarball) {
  console.log(`\nNestJS ${nest}`);
  const folder = join(temporary, `nest-${nest}`);
  await mkdir(folder);
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name: 'host', private: true }));

  await install(folder, [...packages, 'reflect-metadata@^0.2', 'rxjs@^7']);
  const before = await installed(folder);
  await check('it installs without a conflict', () => install(folder, [tarball]));
  const brought = [...(await installed(folder))].filter((path) => !before.has(path));
  const strangers = brought.filter((path) => unwanted.test(path.split('node_modules/').at(-1)));
  await check('it brings no web framework, no Swagger, no UI and no SDK', () => {
    if (strangers.length > 0) throw new Error(`Not wanted: ${strangers.join(', ')}`);
  });
  console.log(`  it brings ${brought.length - 1} packages: ${brought.filter((path) => path !== name).join(', ')}`);

  for (const [format, type] of Object.entries(formats)) {
    const app = join(folder, format);
    await mkdir(app);
    await writeFile(join(app, 'package.json'), JSON.stringify({ name: format, private: true, type }));
    const program = format === 'cjs' ? requireAll() : importAll();
    await check(`${format}: every entry loads, without a web framework`, () => node(app, ['-e', program]));
  }

  await check('its command line runs', () => run(join(folder, 'node_modules/.bin/whatsapp-twilio'), ['--help']));

  const typings = ['@types/node@^20', '@types/express@^5'];
  await install(folder, [...platforms.map((platform) => `@nestjs/platform-${platform}@^${nest}`), ...typings]);
  for (const format of Object.keys(formats)) {
    const app = join(folder, format);
    await cp(join(root, 'test/hosts/host.ts'), join(app, 'host.ts'));
    for (const resolution of resolutionsOf(nest, format)) {
      await check(`${format}: its types resolve under ${resolution.moduleResolution}`, () => tsc(app, resolution));
    }
    for (const platform of platforms) {
      await check(`${format}: a webhook is answered on ${platform}`, () => node(app, ['host.js', platform]));
    }
  }
}

/**
 * The ways in which a user's compiler may find the types. The declarations themselves are checked too, except under
 * `node16`: it does not know yet that CommonJS may require the ES modules that NestJS 12 consists of, so it refuses
 * those in declarations of any CommonJS library, and in the app itself where that is CommonJS.
 */
function resolutionsOf(nest, format) {
  const node16 = { module: 'node16', moduleResolution: 'node16', skipLibCheck: true, noEmit: true };
  return [
    { module: 'nodenext', moduleResolution: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler', noEmit: true },
    ...(nest === '12' && format === 'cjs' ? [] : [node16]),
  ];
}

function requireAll() {
  return (
    entries.map((entry) => `require('${entry}');`).join('\n') + `require('${name}').WhatsappTwilioModule.forRoot();`
  );
}

/** By name, as an ES module finds out about the names of a CommonJS one before it runs. */
function importAll() {
  return `import { WhatsappTwilioModule } from '${name}';
    import { inbound, signWebhook } from '${name}/testing';
    import { TwilioEmulator } from '${name}/emulator';
    WhatsappTwilioModule.forRoot();`;
}

function install(folder, packages) {
  return run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: folder });
}

/** Every package below `node_modules`, nested ones by their path. */
async function installed(folder) {
  const lock = JSON.parse(await readFile(join(folder, 'node_modules/.package-lock.json'), 'utf8'));
  return new Set(Object.keys(lock.packages).map((path) => path.replace(/^node_modules\//, '')));
}

function node(app, args) {
  return run(process.execPath, args, { cwd: app, timeout: 30_000 });
}

async function tsc(app, options) {
  const compilerOptions = {
    target: 'es2022',
    strict: true,
    experimentalDecorators: true,
    emitDecoratorMetadata: true,
    types: ['node'],
    ...options,
  };
  await writeFile(join(app, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['host.ts'] }));
  await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', '.'], { cwd: app });
}

async function check(promise, test) {
  checks++;
  const at = Date.now();
  try {
    await test();
    console.log(`  ✓ ${promise} (${seconds(Date.now() - at)})`);
  } catch (error) {
    console.log(`  ✗ ${promise}`);
    failures.push([promise, error.message, error.stdout].filter(Boolean).join('\n'));
  }
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(1)} s`;
}

function kilobytes(bytes) {
  return `${Math.round(bytes / 1000)} kB`;
}
