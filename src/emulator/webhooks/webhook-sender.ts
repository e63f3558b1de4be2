import { Agent, request } from 'undici';
import type { Clock } from '../../common/clock';
import { parseUrl } from '../../common/parse-url';
import { signTwilioRequest } from '../../whatsapp-twilio/twilio/signature';
import type { Account } from '../accounts/account';
import type { Journal, LoggedRequest } from '../journal';
import type { SeededRandom } from '../random';
import { connectionOverrides, type ConnectionOverrides, type FailureKind } from './connection-overrides';
import { Slots } from './slots';
import { neverConnected, readAtMost } from './transport';

/** A request of Twilio's to the application. */
export interface Webhook {
  readonly kind: Exclude<LoggedRequest['kind'], 'rest'>;
  /** Whose token signs. */
  readonly account: Account;
  readonly url: string;
  /** Default `POST`; with `GET` the parameters are in the query. */
  readonly method?: 'GET' | 'POST' | undefined;
  readonly parameters: URLSearchParams;
  /** Of an earlier request that this one repeats. Default: a new one. */
  readonly idempotencyToken?: string;
}

/** What came of a webhook: the application's answer, or Twilio's error code for there being none. */
export type WebhookResult = (
  | { readonly answered: true; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly answered: false; readonly code: number; readonly text: string }
) & {
  /** What else the debugger says. */
  readonly warnings?: ConnectionOverrides['problems'];
};

interface Hop extends Pick<Webhook, 'kind' | 'account' | 'parameters'> {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** As it was configured, without a single character changed: what is signed. */
  readonly signedUrl: string;
  readonly idempotencyToken: string;
}

type Try = WebhookResult & { readonly failure?: FailureKind; readonly location?: string };

const LARGEST_ANSWER = 64 * 1024;
const MOST_REDIRECTS = 5;
/** More open connections than this would keep an application from answering any of them. */
const MOST_AT_ONCE = 256;

/**
 * Sends webhooks as Twilio does: form-encoded, signed with the account's primary token, within 15 seconds, and tried
 * again only when no connection came about.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export class WebhookSender {
  readonly #agents = new Map<number, Agent>();
  readonly #slots = new Slots(MOST_AT_ONCE);

  constructor(
    private readonly clock: Clock,
    private readonly random: SeededRandom,
    private readonly journal: Journal,
    private readonly stopping: AbortSignal,
  ) {}

  /** A token that repeats of a request share. */
  newIdempotencyToken(): string {
    return this.random.uuid();
  }

  /** Sends it and resolves with what came of it. Its time limits begin when its turn has come. */
  send(webhook: Webhook): Promise<WebhookResult> {
    return this.#slots.run(() => this.#send(webhook));
  }

  async #send(webhook: Webhook): Promise<WebhookResult> {
    if (this.stopping.aborted) return { answered: false, code: 11200, text: 'The local Twilio has stopped' };
    const overrides = connectionOverrides(webhook.url);
    const total = new AbortController();
    const cancel = this.clock.setTimeout(() => total.abort(), overrides.totalTimeout);
    try {
      const result = await this.#follow(webhook, overrides, total.signal);
      return overrides.problems.length > 0 ? { ...result, warnings: overrides.problems } : result;
    } finally {
      cancel();
    }
  }

  /** Closes what connections are left. */
  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
  }

  async #follow(webhook: Webhook, overrides: ConnectionOverrides, total: AbortSignal): Promise<WebhookResult> {
    const { kind, account } = webhook;
    const idempotencyToken = webhook.idempotencyToken ?? this.newIdempotencyToken();
    const signedUrl = webhook.method === 'GET' ? withQuery(webhook.url, webhook.parameters) : webhook.url;
    const url = parseUrl(signedUrl);
    if (!url) return { answered: false, code: 11100, text: 'Invalid URL format' };
    const parameters = webhook.method === 'GET' ? new URLSearchParams() : webhook.parameters;
    let hop: Hop = { kind, account, method: webhook.method ?? 'POST', url, signedUrl, parameters, idempotencyToken };
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
      const result = await this.#retried(hop, overrides, total);
      const next = result.location === undefined ? undefined : parseUrl(result.location, hop.url.href);
      if (!next) return result;
      // A redirect is followed with GET, and the form is lost on the way.
      hop = redirected(hop, next);
    }
    return { answered: false, code: 11215, text: 'HTTP too many redirects' };
  }

  async #retried(hop: Hop, overrides: ConnectionOverrides, total: AbortSignal): Promise<Try> {
    for (let left = overrides.retries; ; left -= 1) {
      const result = await this.#try(hop, overrides, total);
      const again = left > 0 && !total.aborted && !this.stopping.aborted;
      if (!again || result.failure === undefined || !overrides.retryOn.includes(result.failure)) return result;
    }
  }

  async #try(hop: Hop, overrides: ConnectionOverrides, total: AbortSignal): Promise<Try> {
    const read = new AbortController();
    const cancel = this.clock.setTimeout(() => read.abort(), overrides.readTimeout);
    const began = performance.now();
    const headers = this.#headers(hop);
    const signal = AbortSignal.any([read.signal, total, this.stopping]);
    const result = await this.#exchange(hop, headers, overrides, signal);
    cancel();
    this.journal.request({
      kind: hop.kind,
      method: hop.method,
      url: hop.signedUrl,
      headers,
      parameters: hop.parameters,
      durationMs: Math.round(performance.now() - began),
      status: result.answered ? result.status : undefined,
      answer: result.answered ? result : undefined,
    });
    if (result.answered || result.failure === 'ct') return result;
    if (read.signal.aborted) return { ...result, failure: 'rt', text: 'No answer within the time limit' };
    return total.aborted ? { answered: false, code: 11203, text: 'No answer within the total time limit' } : result;
  }

  async #exchange(
    hop: Hop,
    headers: Record<string, string>,
    overrides: ConnectionOverrides,
    signal: AbortSignal,
  ): Promise<Try> {
    try {
      const { origin, pathname, search } = hop.url;
      const response = await request(origin + pathname + search, {
        method: hop.method,
        headers,
        body: hop.method === 'POST' ? hop.parameters.toString() : null,
        dispatcher: this.#agent(overrides.connectTimeout),
        headersTimeout: 0,
        bodyTimeout: 0,
        signal,
      });
      const status = response.statusCode;
      const location = response.headers.location;
      if (status >= 300 && status < 400 && typeof location === 'string') {
        await response.body.dump();
        return { answered: true, status, contentType: '', body: '', location };
      }
      const body = await readAtMost(response.body, LARGEST_ANSWER);
      if (body === undefined) return { answered: false, code: 11750, text: 'TwiML response body too large' };
      const failure = status >= 500 ? '5xx' : status >= 400 ? '4xx' : undefined;
      const contentType = String(response.headers['content-type'] ?? '');
      return { answered: true, status, contentType, body, ...(failure === undefined ? {} : { failure }) };
    } catch (error) {
      if (neverConnected(error))
        return { answered: false, code: 11205, text: 'HTTP connection failure', failure: 'ct' };
      return { answered: false, code: 11200, text: 'HTTP retrieval failure' };
    }
  }

  #headers({ account, url, signedUrl, method, parameters, idempotencyToken }: Hop): Record<string, string> {
    const credentials = `${decoded(url.username)}:${decoded(url.password)}`;
    return {
      accept: '*/*',
      ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' } : {}),
      ...(url.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      'i-twilio-idempotency-token': idempotencyToken,
      'user-agent': 'TwilioProxy/1.1',
      'x-home-region': 'us1',
      'x-twilio-signature': signTwilioRequest(account.authToken, signedUrl, parameters),
    };
  }

  #agent(connectTimeout: number): Agent {
    let agent = this.#agents.get(connectTimeout);
    if (!agent) {
      // Twilio opens a connection for each request, and so does `pipelining: 0`.
      agent = new Agent({ connect: { timeout: connectTimeout }, pipelining: 0 });
      this.#agents.set(connectTimeout, agent);
    }
    return agent;
  }
}

/** A part of a URL; as it is where its percent signs are no encoding. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function redirected({ kind, account, idempotencyToken }: Hop, url: URL): Hop {
  const parameters = new URLSearchParams();
  return { kind, account, idempotencyToken, method: 'GET', url, signedUrl: url.href, parameters };
}

function withQuery(url: string, parameters: URLSearchParams): string {
  const [base = '', fragment] = url.split('#', 2);
  const query = `${base.includes('?') ? '&' : '?'}${parameters.toString()}`;
  return base + query + (fragment === undefined ? '' : `#${fragment}`);
}
