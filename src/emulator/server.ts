import { createServer, type IncomingMessage, type ServerResponse, type Server as HttpServer } from 'node:http';
import type { Control } from './control/control';
import { json, write } from './http';
import { RestApi } from './rest/rest-api';
import type { RestEndpoint } from './rest/rest-endpoint';

/** One origin for the REST API, the phone page and the control. */
export class Server {
  readonly #http: HttpServer;

  constructor(
    private readonly rest: RestEndpoint,
    private readonly control: Control,
  ) {
    this.#http = createServer((request, response) => {
      this.#handle(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else write(response, json(500, { error: 'The emulator failed to answer' }));
      });
    });
  }

  /** Resolves with the origin once it listens. */
  async listen(port: number, host: string): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#http.once('error', reject);
      this.#http.listen(port, host, () => {
        this.#http.off('error', reject);
        resolve();
      });
    });
    const name = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host;
    const address = this.#http.address();
    return `http://${name}:${typeof address === 'object' ? address?.port : port}`;
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#http.close(() => resolve()));
    this.#http.closeAllConnections();
    await closed;
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://emulator');
    if (RestApi.handles(url.pathname)) await this.rest.handle(request, response, url);
    else await this.control.handle(request, response, url);
  }
}
