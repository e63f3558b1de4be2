import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Line {
  /** Requests that are being answered. */
  busy: number;
  /** Bytes that had come when the last request was whole: more than that is the beginning of another. */
  readUpTo: number;
}

/**
 * Closes connections on which nothing is under way, when the service is about to end. Node does so only for those on
 * which there was a request before: one that was opened ahead of its first would hold up the end for a minute.
 */
export class QuietConnections {
  readonly #lines = new Map<Socket, Line>();
  #isEnding = false;

  constructor(server: Server) {
    server.on('connection', (socket: Socket) => {
      this.#lines.set(socket, { busy: 0, readUpTo: 0 });
      socket.once('close', () => this.#lines.delete(socket));
    });
    server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
      const line = this.#lines.get(socket);
      if (line === undefined) return;
      line.busy++;
      response.once('close', () => {
        line.busy--;
        line.readUpTo = socket.bytesRead;
        if (this.#isEnding) this.#closeIfQuiet(socket, line);
      });
    });
  }

  /** From now on each is closed as soon as nothing is under way on it. */
  end(): void {
    this.#isEnding = true;
    for (const [socket, line] of this.#lines) this.#closeIfQuiet(socket, line);
  }

  #closeIfQuiet(socket: Socket, { busy, readUpTo }: Line): void {
    if (busy === 0 && socket.bytesRead === readUpTo) socket.end();
  }
}
