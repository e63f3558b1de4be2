import { connect } from 'node:net';

/** Sends bytes as they are, as no HTTP client would, and returns what comes back until the server closes. */
export function sendRaw(url: string, head: readonly string[], body: Uint8Array | string = ''): Promise<string> {
  const { hostname, port, host } = new URL(url);
  const bytes = Buffer.from(body);
  const text = [head[0], `Host: ${host}`, `Content-Length: ${bytes.length}`, 'Connection: close', ...head.slice(1)];
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname);
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => chunks.push(Buffer.from(chunk)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      // A server may hang up on a body that it will not read.
      if (chunks.length > 0 || error.code === 'ECONNRESET' || error.code === 'EPIPE')
        resolve(Buffer.concat(chunks).toString());
      else reject(error);
    });
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
    socket.write(`${text.join('\r\n')}\r\n\r\n`);
    socket.write(bytes);
  });
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
}
