import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, get as httpsGet } from 'node:https';

export interface DownloadsOptions {
  /** Sockets to one host; more downloads wait for one. */
  readonly sockets: number;
  /** Milliseconds until the answer begins, from the question on. */
  readonly headersTimeoutMs: number;
  /** Milliseconds between two pieces of the answer, while somebody reads it. */
  readonly idleTimeoutMs: number;
  /** Milliseconds for all of it, however it is read. */
  readonly totalTimeoutMs: number;
}

/** An answer that is small enough to be read to its end, so that its socket can be used again. */
const WORTH_READING_BYTES = 16 * 1024;

/**
 * GET for answers that may be large and are read as slowly as somebody else reads them. Through Node's own client: undici 7
 * ends the process when a server closes the connection of an answer that is not read at that moment.
 *
 * @see https://github.com/nodejs/undici/issues/5360
 */
export class Downloads {
  readonly #http: HttpAgent;
  readonly #https: HttpsAgent;

  constructor(private readonly options: DownloadsOptions) {
    this.#http = new HttpAgent({ keepAlive: true, maxSockets: options.sockets });
    this.#https = new HttpsAgent({ keepAlive: true, maxSockets: options.sockets });
  }

  /** Resolves with the head of the answer; its body has to be read or destroyed. Redirects are not followed. */
  get(url: URL, headers: Readonly<Record<string, string>>, signal?: AbortSignal): Promise<IncomingMessage> {
    const { headersTimeoutMs, idleTimeoutMs, totalTimeoutMs } = this.options;
    return new Promise((resolve, reject) => {
      const isSecure = url.protocol === 'https:';
      const request = (isSecure ? httpsGet : httpGet)(url, {
        agent: isSecure ? this.#https : this.#http,
        headers,
        ...(signal && { signal }),
      });
      const end = (code: string) => () => request.destroy(Object.assign(new Error(code), { code }));
      const limits = [setTimeout(end('HEADERS_TIMEOUT'), headersTimeoutMs), setTimeout(end('TIMEOUT'), totalTimeoutMs)];
      request.once('close', () => limits.forEach(clearTimeout));
      // Also for what breaks later: the answer says it then, by an error of its own.
      request.on('error', reject);
      request.once('response', (answer) => {
        clearTimeout(limits[0]);
        // A reader who is slow is no server that is.
        request.setTimeout(idleTimeoutMs, () => {
          if (answer.readableLength === 0) end('BODY_TIMEOUT')();
        });
        resolve(answer);
      });
    });
  }

  /** Has nothing more to do with an answer. */
  leave(answer: IncomingMessage): void {
    answer.on('error', () => {});
    if (Number(answer.headers['content-length'] ?? Number.NaN) <= WORTH_READING_BYTES) answer.resume();
    else answer.destroy();
  }

  /** Ends all that is under way. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
