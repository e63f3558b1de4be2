import { Agent, type Dispatcher } from 'undici';
import { type Clock, systemClock } from '../../common/clock';
import { parseUrl } from '../../common/parse-url';
import { parseJson } from './json';
import { TwilioArgumentError, TwilioConnectionError, TwilioUnreadableAnswerError } from './twilio-errors';
import { exchange, type HttpRequest } from './twilio-http';
import { apiErrorOf, requestIdOf } from './twilio-refusal';

export interface TwilioTransportOptions {
  /** The account SID with `password` its auth token, or an API key (`SK…`) with its secret. */
  readonly username: string;
  readonly password: string;
  /** The origin of one of Twilio's APIs, or of what stands in for it. */
  readonly baseUrl: string;
  /** Limit of a call from start to end, in milliseconds; 15 s unless given. */
  readonly timeoutMs?: number;
  /** A pool, a proxy or a mock, closed by whoever made it; it must not repeat requests by itself. */
  readonly dispatcher?: Dispatcher;
  readonly userAgent?: string;
  readonly clock?: Clock;
}

export interface TwilioCall<Result> {
  readonly method: HttpRequest['method'];
  /** Where it is another than the transport's. */
  readonly origin?: string;
  readonly path: string;
  readonly form?: URLSearchParams;
  /** Doing it twice does no harm. */
  readonly idempotent: boolean;
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Takes the parsed answer; `undefined` if it is not what was asked for. */
  readonly read: (json: unknown) => Result | undefined;
}

const usernamePattern = /^(AC|SK)[0-9a-fA-F]{32}$/;
const CONNECT_TIMEOUT_MS = 5_000;
const DEFAULT_TIMEOUT_MS = 15_000;
const MOST_CONNECTIONS = 32;
const MIB = 1024 * 1024;

/** Connections to Twilio, at most so many to one host. */
export function createTwilioAgent(connections = MOST_CONNECTIONS): Agent {
  return new Agent({ connections, connect: { timeout: CONNECT_TIMEOUT_MS } });
}

/**
 * Calls to one of Twilio's APIs with one set of credentials. A call rejects with a `TwilioError`, and is never repeated
 * here.
 */
export class TwilioTransport {
  readonly origin: string;
  readonly #password: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #timeoutMs: number;
  readonly #clock: Clock;
  readonly #dispatcher: Dispatcher;
  readonly #ownAgent?: Agent;
  readonly #underWay = new Set<Promise<unknown>>();
  #closed = false;

  /** @throws TwilioArgumentError for a malformed user name or base URL, or an empty password. */
  constructor(options: TwilioTransportOptions) {
    const { username, password } = options;
    demand(usernamePattern.test(username), 'The user name must be an account or API key SID.');
    demand(password !== '', 'The auth token or API key secret is empty.');
    this.origin = originOf(options.baseUrl);
    this.#password = password;
    this.#headers = {
      accept: 'application/json',
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'user-agent': options.userAgent ?? 'nestjs-whatsapp-twilio',
    };
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    demand(this.#timeoutMs > 0, 'The time limit must be above 0 ms.');
    this.#clock = options.clock ?? systemClock;
    if (options.dispatcher === undefined) this.#ownAgent = createTwilioAgent();
    this.#dispatcher = options.dispatcher ?? this.#ownAgent!;
  }

  async call<Result>(call: TwilioCall<Result>): Promise<Result> {
    const { method, path, form, idempotent, signal, maxBytes = MIB } = call;
    if (this.#closed) throw new TwilioConnectionError({ reason: 'CLOSED', written: false, idempotent });
    const exchanging = exchange(
      this.#dispatcher,
      {
        origin: call.origin ?? this.origin,
        method,
        path,
        headers: form ? { ...this.#headers, 'content-type': 'application/x-www-form-urlencoded' } : this.#headers,
        body: form?.toString(),
        timeoutMs: this.#timeoutMs,
        maxBytes,
        signal,
      },
      this.#clock,
    );
    this.#underWay.add(exchanging);
    const answer = await exchanging;
    this.#underWay.delete(exchanging);
    if (answer.kind === 'failure') throw new TwilioConnectionError({ ...answer, idempotent });

    const { status, headers, body } = answer;
    if (status >= 400) {
      throw apiErrorOf(
        { status, headers, body },
        { idempotent, secrets: this.#secretsIn(form), now: this.#clock.now() },
      );
    }
    if (answer.broken !== undefined && answer.broken.reason !== 'TOO_LARGE') {
      throw new TwilioConnectionError({ ...answer.broken, idempotent });
    }
    const result = status < 300 ? call.read(parseJson(body)) : undefined;
    if (result !== undefined) return result;
    const problem = status >= 300 ? 'a redirect, which is not followed' : 'not what the API promises';
    throw new TwilioUnreadableAnswerError(problem, { httpStatus: status, requestId: requestIdOf(headers), idempotent });
  }

  /** Takes no more calls, waits for those under way (each has its time limit), then drops its own connections. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#underWay);
    await this.#ownAgent?.destroy();
  }

  /** Whatever a server might quote back from the request. */
  #secretsIn(form: URLSearchParams | undefined): string[] {
    const contents = ['Body', 'ContentVariables', 'PersistentAction'].flatMap((name) => form?.getAll(name) ?? []);
    return [this.#headers['authorization']!.slice('Basic '.length), this.#password, ...contents];
  }
}

/** @throws TwilioArgumentError unless the condition holds. */
export function demand(condition: boolean, problem: string): void {
  if (!condition) throw new TwilioArgumentError(problem);
}

function originOf(baseUrl: string): string {
  const url = parseUrl(baseUrl);
  const isOrigin =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    url.username + url.password + url.search + url.hash === '' &&
    url.pathname === '/';
  if (!isOrigin) throw new TwilioArgumentError('The API base URL must be an http or https origin without a path.');
  return url.origin;
}
