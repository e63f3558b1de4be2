import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core } from '../core';
import type { RestFault } from '../faults';
import { type Reply, readBody, write } from '../http';
import type { RestApi, RestCall } from './rest-api';
import { TwilioError } from './twilio-error';

const LARGEST_FORM = 256 * 1024;
const HTML = '<html><head><title>503 Service Temporarily Unavailable</title></head><body></body></html>';

/** The REST API over HTTP: reads the call, lets faults strike, answers and keeps a log. */
export class RestEndpoint {
  constructor(
    private readonly core: Core,
    private readonly api: RestApi,
  ) {}

  async handle(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    const startedAt = this.core.clock.now();
    const body = await readBody(request, LARGEST_FORM);
    const isForm = (request.headers['content-type'] ?? '').startsWith('application/x-www-form-urlencoded');
    const call: RestCall = {
      method: request.method ?? 'GET',
      path: url.pathname,
      query: url.searchParams,
      form: new URLSearchParams(isForm ? body?.toString('utf8') : ''),
      authorization: request.headers.authorization,
    };
    const fault = this.core.faults.nextRest(this.api.createsMessage(call));
    if (fault?.afterAccept) this.api.answer(call);
    const reply = fault ? this.#failing(fault) : body ? this.api.answer(call) : this.#tooLarge();
    this.core.journal.request({
      kind: 'rest',
      method: call.method,
      url: request.url ?? '/',
      status: reply?.status,
      parameters: call.form,
      startedAt,
      answer: reply && { contentType: reply.headers?.['content-type'] ?? '', body: reply.body ?? '' },
    });
    if (reply) write(response, reply);
    else if (fault && 'connection' in fault && fault.connection === 'reset') request.socket.resetAndDestroy();
  }

  /** `undefined` where no answer is given at all. */
  #failing(fault: RestFault): Reply | undefined {
    if ('connection' in fault) return undefined;
    const { status, retryAfter } = fault;
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    if (fault.html) return { status, headers: { 'content-type': 'text/html', ...headers }, body: HTML };
    const code = fault.code ?? Number(`20${status}`);
    return this.api.refuse(new TwilioError(status, code, MESSAGES[status] ?? 'Error'), headers);
  }

  #tooLarge(): Reply {
    return this.api.refuse(new TwilioError(413, 20413, 'Request Entity Too Large'));
  }
}

const MESSAGES: Readonly<Record<number, string>> = {
  429: 'Too Many Requests',
  500: 'An internal server error has occurred',
  503: 'Service Unavailable',
};
