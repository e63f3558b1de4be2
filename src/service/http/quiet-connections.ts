import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

interface Line {
  /** Requests that are being answered. */
  busy: number;
  /** Bytes that had come when the last request was whole: more than that is the beginning of another. */
  readUpTo: number;
}

/** A client that is just about to ask again gets its answer, and with it the word that the connection ends. */
const PATIENCE_MS = 250;
/** Nobody is waited for longer than this, as who does not read its answer would keep the process from ending in order. */
const LONGEST_MS = 15_000;

/**
 * Closes connections on which nothing is under way, when the service is about to end. Node closes those that were used
 * before, at once, and so cuts off who is just asking again; and leaves those on which nothing was ever asked open for a
 * minute.
 */
export class QuietConnections {
  readonly #lines = new Map<Socket, Line>();
  #isEnding = false;

  constructor(
    server: Server,
    private readonly longestMs = LONGEST_MS,
  ) {
    server.closeIdleConnections = () => {}; // what `close()` would do at once

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

  /**
   * No more connections are taken: in a moment each is closed as soon as nothing is under way on it, and in the end
   * whatever is.
   */
  end(): void {
    if (this.#lines.size === 0) return;
    setTimeout(() => {
      this.#isEnding = true;
      for (const [socket, line] of this.#lines) this.#closeIfQuiet(socket, line);
    }, PATIENCE_MS);
    setTimeout(() => {
      for (const socket of this.#lines.keys()) socket.destroy();
    }, this.longestMs).unref();
  }

  #closeIfQuiet(socket: Socket, { busy, readUpTo }: Line): void {
    if (busy === 0 && socket.bytesRead === readUpTo) socket.end();
  }
}
