import { createServer, type IncomingMessage, type ServerResponse, type Server as HttpServer } from 'node:http';
import type { Control } from './control/control';
import { closeServer, json, listen, targetOf, write } from './http';
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
    const url = targetOf(request);
    if (!url) write(response, json(400, { error: 'The target of the request is no URL' }));
    else if (RestApi.handles(url.pathname)) await this.rest.handle(request, response, url);
    else await this.control.handle(request, response, url);
  }
}
