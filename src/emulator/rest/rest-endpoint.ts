import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Core } from '../core';
import type { RestFault } from '../faults/faults';
import { type Reply, readBody, write } from '../http';
import type { RestApi } from './rest-api';
import type { RestCall } from './route';
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
    const began = performance.now();
    const body = await readBody(request, LARGEST_FORM);
    const type = (request.headers['content-type'] ?? '').toLowerCase();
    const isForm = type.startsWith('application/x-www-form-urlencoded');
    const call: RestCall = {
      // HEAD is answered as GET is, without the body.
      method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
      path: url.pathname,
      query: url.searchParams,
      form: new URLSearchParams(isForm ? body?.toString('utf8') : ''),
      json: type.startsWith('application/json') ? parseJson(body) : undefined,
      authorization: request.headers.authorization,
    };
    const fault = this.core.faults.nextRest(this.api.createsMessage(call));
    if (fault?.afterAccept) this.api.answer(call);
    const answer = (): Reply => (body ? this.api.answer(call) : this.#tooLarge());
    const reply = fault ? this.#failing(fault, answer) : answer();
    if (fault?.delayMs !== undefined) await this.#pause(fault.delayMs);
    this.core.journal.request({
      kind: 'rest',
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      status: reply?.status,
      durationMs: Math.round(performance.now() - began),
      parameters: call.form,
      answer: reply && { contentType: reply.headers?.['content-type'] ?? '', body: reply.body ?? '' },
    });
    if (reply) write(response, reply);
    else if (fault && 'connection' in fault && fault.connection === 'reset') request.socket.resetAndDestroy();
  }

  /** `undefined` where no answer is given at all. */
  #failing(fault: RestFault, answer: () => Reply): Reply | undefined {
    if ('connection' in fault) return undefined;
    if (!('status' in fault)) return answer();
    const { status, retryAfter } = fault;
    const headers: Record<string, string> = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
    if (fault.html) return { status, headers: { 'content-type': 'text/html', ...headers }, body: HTML };
    const code = fault.code ?? Number(`20${status}`);
    return this.api.refuse(new TwilioError(status, code, MESSAGES[status] ?? 'Error'), headers);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.core.work.after(delayMs, resolve);
    });
  }

  #tooLarge(): Reply {
    return this.api.refuse(new TwilioError(413, 20413, 'Request Entity Too Large'));
  }
}

/** `undefined` for what is no JSON; whoever needs a field then misses it. */
function parseJson(body: Buffer | undefined): unknown {
  try {
    return JSON.parse(body?.toString('utf8') ?? '');
  } catch {
    return undefined;
  }
}

const MESSAGES: Readonly<Record<number, string>> = {
  429: 'Too Many Requests',
  500: 'An internal server error has occurred',
  503: 'Service Unavailable',
};
