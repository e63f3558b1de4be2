import { parseUrl } from '../../common/parse-url';
import { Agent, request } from 'undici';
import type { Clock } from '../../common/clock';
import { signTwilioRequest } from '../../whatsapp-twilio/twilio/signature';
import type { Account } from '../account';
import type { Journal, LoggedRequest } from '../journal';
import type { SeededRandom } from '../random';
import { connectionOverrides, type ConnectionOverrides, type FailureKind } from './connection-overrides';

/** What came of a webhook: the application's answer, or Twilio's error code for there being none. */
export type WebhookResult =
  | { readonly answered: true; readonly status: number; readonly contentType: string; readonly body: string }
  | { readonly answered: false; readonly code: number; readonly text: string };

interface Hop {
  readonly kind: LoggedRequest['kind'];
  readonly method: 'GET' | 'POST';
  readonly url: string;
  readonly parameters: URLSearchParams;
  readonly idempotencyToken: string;
}

type Try = WebhookResult & { readonly failure?: FailureKind; readonly location?: string };
type Headers = Readonly<Record<string, string>>;

const LARGEST_ANSWER = 64 * 1024;
const MOST_REDIRECTS = 5;

/**
 * Sends webhooks as Twilio does: form-encoded, signed with the account's primary token, within 15 seconds, and tried
 * again only when no connection came about.
 *
 * @see https://www.twilio.com/docs/usage/webhooks/webhooks-security
 */
export class WebhookSender {
  readonly #agents = new Map<number, Agent>();

  constructor(
    private readonly account: Account,
    private readonly clock: Clock,
    private readonly random: SeededRandom,
    private readonly journal: Journal,
    private readonly stopping: AbortSignal,
  ) {}

  async post(kind: 'inbound' | 'status', url: string, parameters: URLSearchParams): Promise<WebhookResult> {
    const overrides = connectionOverrides(url);
    const total = new AbortController();
    const cancel = this.clock.setTimeout(() => total.abort(), overrides.totalTimeout);
    let hop: Hop = { kind, method: 'POST', url, parameters, idempotencyToken: this.random.uuid() };
    try {
      for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects += 1) {
        const result = await this.#retried(hop, overrides, total.signal);
        if (result.location === undefined || parseUrl(result.location, hop.url) === undefined) return result;
        // A redirect is followed with GET, and the form is lost on the way.
        const { idempotencyToken } = hop;
        const next = new URL(result.location, hop.url).href;
        hop = { kind, method: 'GET', url: next, parameters: new URLSearchParams(), idempotencyToken };
      }
      return { answered: false, code: 11215, text: 'HTTP too many redirects' };
    } finally {
      cancel();
    }
  }

  /** Closes what connections are left. */
  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.destroy()));
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
    const startedAt = this.clock.now();
    const target = parseUrl(hop.url);
    const headers = target && this.#headers(hop, target);
    const signal = AbortSignal.any([read.signal, total, this.stopping]);
    const result: Try =
      target && headers
        ? await this.#exchange(hop, target, headers, overrides, signal)
        : { answered: false, code: 11100, text: 'Invalid URL format' };
    cancel();
    this.journal.request({
      ...hop,
      startedAt,
      headers,
      ...(result.answered ? { status: result.status, answer: result } : { status: undefined }),
    });
    if (result.answered || result.failure === 'ct') return result;
    if (read.signal.aborted) return { ...result, failure: 'rt', text: 'No answer within the time limit' };
    return total.aborted ? { answered: false, code: 11203, text: 'No answer within the total time limit' } : result;
  }

  async #exchange(
    hop: Hop,
    target: URL,
    headers: Headers,
    overrides: ConnectionOverrides,
    signal: AbortSignal,
  ): Promise<Try> {
    try {
      const response = await request(target.origin + target.pathname + target.search, {
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

  #headers(hop: Hop, target: URL): Record<string, string> {
    const credentials = `${decodeURIComponent(target.username)}:${decodeURIComponent(target.password)}`;
    return {
      accept: '*/*',
      ...(hop.method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' } : {}),
      ...(target.username === '' ? {} : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` }),
      'i-twilio-idempotency-token': hop.idempotencyToken,
      'user-agent': 'TwilioProxy/1.1',
      'x-home-region': 'us1',
      'x-twilio-signature': signTwilioRequest(this.account.authToken, hop.url, hop.parameters),
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

async function readAtMost(stream: AsyncIterable<Buffer>, limit: number): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

const NO_CONNECTION = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
]);

function neverConnected(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && NO_CONNECTION.has(String(error.code));
}
