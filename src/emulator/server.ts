import { createServer, type IncomingMessage, type ServerResponse, type Server as HttpServer } from 'node:http';
import type { Control } from './control/control';
import { closeServer, json, listen, write } from './http';
import { RestApi } from './rest/rest-api';
import type { RestEndpoint } from './rest/rest-endpoint';

/** Longer than clients keep theirs: who closes first does not cut off a request that is on its way. */
const KEEP_ALIVE_MS = 60_000;

/** One origin for the REST API, the phone page and the control. */
export class Server {
  readonly #http: HttpServer;

  constructor(
    private readonly rest: RestEndpoint,
    private readonly control: Control,
  ) {
    this.#http = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
      this.#handle(request, response).catch(() => {
        if (response.headersSent) response.destroy();
        else write(response, json(500, { error: 'The emulator failed to answer' }));
      });
    });
  }

  /** Resolves with the origin once it listens. */
  listen(port: number, host: string): Promise<string> {
    return listen(this.#http, port, host);
  }

  close(): Promise<void> {
    return closeServer(this.#http);
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://emulator');
    if (RestApi.handles(url.pathname)) await this.rest.handle(request, response, url);
    else await this.control.handle(request, response, url);
  }
}
