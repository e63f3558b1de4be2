import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request as forward } from 'undici';

/** What becomes of a request to send. All but the first and `hang` keep it from Twilio. */
export type Fate = 'taken' | '429' | '500' | 'reset' | 'hang';

/** A request to send a message that arrived, whatever became of it. */
export interface Arrival {
  /** Milliseconds, of a clock that only goes forward. */
  readonly at: number;
  readonly to: string;
  readonly text: string;
  readonly fate: Fate;
}

export interface Created {
  readonly sid: string;
  readonly to: string;
  readonly text: string;
  readonly statusCallback: string | undefined;
}

export interface FrontOptions {
  /** What becomes of the n-th request (from 1) to send this text. */
  readonly fateOf?: (text: string, attempt: number) => Fate;
  /** Twilio has the message, and the app does not know yet: until this resolves. Twilio itself sends no callbacks then. */
  readonly created?: (message: Created) => Promise<void>;
}

/** Stands before the local Twilio: notes each request to send as it arrives, and lets things go wrong. */
export class TwilioFront {
  readonly arrivals: Arrival[] = [];
  readonly #attempts = new Map<string, number>();
  readonly #agent = new Agent({ connections: 64 });
  readonly #server: Server;

  private constructor(
    private readonly target: string,
    private readonly options: FrontOptions,
  ) {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(target: string, options: FrontOptions = {}): Promise<TwilioFront> {
    const front = new TwilioFront(target, options);
    front.#server.listen(0, '127.0.0.1');
    await once(front.#server, 'listening');
    return front;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
    await this.#agent.destroy();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const at = performance.now();
    const body = (await request.toArray()).join('');
    const isSend = request.method === 'POST' && request.url!.endsWith('/Messages.json');
    await (isSend ? this.#send(request, response, new URLSearchParams(body), at) : this.#pass(request, response, body));
  }

  async #send(request: IncomingMessage, response: ServerResponse, form: URLSearchParams, at: number): Promise<void> {
    const { fateOf, created } = this.options;
    const [to, text] = [form.get('To')!, form.get('Body')!];
    const attempt = (this.#attempts.get(text) ?? 0) + 1;
    this.#attempts.set(text, attempt);
    const fate = fateOf?.(text, attempt) ?? 'taken';
    this.arrivals.push({ at, to, text, fate });
    if (fate === '429') {
      answer(response, 429, { code: 20429, message: 'Too Many Requests', status: 429 }, { 'retry-after': '1' });
    } else if (fate === '500') {
      answer(response, 500, { code: 20500, message: 'Internal Server Error', status: 500 });
    } else if (fate === 'reset') {
      request.socket.resetAndDestroy();
    } else {
      const statusCallback = form.get('StatusCallback') ?? undefined;
      if (created) form.delete('StatusCallback');
      const reply = await this.#forward(request, form.toString());
      const { sid } = JSON.parse(reply.body) as { sid: string };
      await created?.({ sid, to, text, statusCallback });
      if (fate === 'taken') response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
    }
  }

  async #pass(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const reply = await this.#forward(request, body);
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(reply.body);
  }

  async #forward(request: IncomingMessage, body: string): Promise<{ status: number; body: string }> {
    const { method, url, headers } = request;
    const { statusCode, body: answered } = await forward(this.target + url!, {
      method: method as 'GET' | 'POST',
      headers: {
        authorization: headers.authorization ?? '',
        ...(headers['content-type'] !== undefined && { 'content-type': headers['content-type'] }),
      },
      ...(body !== '' && { body }),
      dispatcher: this.#agent,
    });
    return { status: statusCode, body: await answered.text() };
  }
}

function answer(
  response: ServerResponse,
  status: number,
  body: Readonly<Record<string, unknown>>,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}
