// What the chaos runs share.
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';

const require = createRequire(import.meta.url);

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port: free } = server.address();
  server.close();
  await once(server, 'close');
  return free;
}

export async function startPostgres() {
  require('../support/register-typescript.cjs');
  return require('../support/postgres.ts').startPostgres();
}
