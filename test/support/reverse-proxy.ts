import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReverseProxy {
  readonly url: string;
  close(): Promise<void>;
}

/** A proxy in front of an app, as nginx with `location /base/ { proxy_pass http://app/; }`. */
export async function startReverseProxy(port: number, { strip }: { readonly strip: string }): Promise<ReverseProxy> {
  const server = createServer((incoming, outgoing) => {
    const path = (incoming.url ?? '/').startsWith(strip) ? incoming.url!.slice(strip.length) : undefined;
    if (path === undefined) {
      outgoing.writeHead(404).end();
      return;
    }
    const { host: _, ...headers } = incoming.headers;
    const onward = request(
      { host: '127.0.0.1', port, method: incoming.method, path, headers, agent: false },
      (answer) => answer.pipe(outgoing.writeHead(answer.statusCode!, answer.headers)),
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
