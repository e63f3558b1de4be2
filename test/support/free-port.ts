import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that systems give out by themselves (Linux from 32768, others from 49152), to listen or to connect. */
const FIRST = 20_000;
const LAST = 32_000;
const given = new Set<number>();

/**
 * A port that is free, for a URL that has to be known before its server starts. A port that the system gave out could be
 * given to somebody else before that, even to a connection of our own; nobody but who asks for it gets one of these.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (!given.has(port) && (await isFree(port))) {
      given.add(port);
      return port;
    }
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
