import { parseUrl } from '../../common/parse-url';
import {
  type AccountResource,
  accountSidPattern,
  type MessageResource,
  messageSidPattern,
  readAccountResource,
  readMessagePage,
  readMessageResource,
} from './message-resource';
import { demand, type TwilioCall, TwilioTransport, type TwilioTransportOptions } from './twilio-transport';

export interface TwilioClientOptions extends TwilioTransportOptions {
  /** The account whose messages these are (`AC…`). */
  readonly accountSid: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/** Which messages to list; see https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources. */
export interface MessageFilter extends CallOptions {
  /** With its prefix: `whatsapp:+15551230001`. */
  readonly to?: string;
  readonly from?: string;
  /** Sent at this time or later. Twilio compares `DateSent`, which a message lacks until it is sent. */
  readonly dateSentAfter?: Date;
  /** Sent at this time or earlier. */
  readonly dateSentBefore?: Date;
  /** Messages in one request, 1 to 1000; 50 unless given. */
  readonly pageSize?: number;
  /** The most messages to return. */
  readonly limit: number;
}

const MIB = 1024 * 1024;
/** A page of 1000 messages of the longest text, every character escaped, is some 20 MB. */
const LARGEST_PAGE = 24 * MIB;

/**
 * Twilio's Messages resource over HTTP; see https://www.twilio.com/docs/messaging/api/message-resource.
 *
 * Every call rejects with a `TwilioError`, whose `outcome` tells whether Twilio did what was asked. Nothing is repeated
 * here: whether a message may be sent again is for the caller to judge.
 *
 * @example
 * const client = new TwilioClient({ accountSid, username: accountSid, password: authToken, baseUrl });
 * const { sid } = await client.createMessage(new URLSearchParams({ From: from, To: to, Body: 'Hello' }));
 */
export class TwilioClient {
  readonly accountSid: string;
  readonly #transport: TwilioTransport;

  /** @throws TwilioArgumentError for a malformed SID, user name or base URL, or an empty password. */
  constructor(options: TwilioClientOptions) {
    demand(accountSidPattern.test(options.accountSid), 'The account SID must be AC and 32 hex digits.');
    this.accountSid = options.accountSid;
    this.#transport = new TwilioTransport(options);
  }

  /**
   * Sends a message, described in Twilio's own parameters (`To`, `From`, `Body`, …). Behind an error with outcome
   * `unknown` the message may have been sent.
   */
  createMessage(params: URLSearchParams, options: CallOptions = {}): Promise<MessageResource> {
    return this.#transport.call({
      method: 'POST',
      path: this.#path('/Messages.json'),
      form: params,
      idempotent: false,
      signal: options.signal,
      read: readMessageResource,
    });
  }

  fetchMessage(sid: string, options: CallOptions = {}): Promise<MessageResource> {
    return this.#onMessage(sid, { method: 'GET', read: readMessageResource, ...options });
  }

  /** Cancels a message that is scheduled and not yet sent, or erases the text of one. */
  updateMessage(
    sid: string,
    change: { readonly status: 'canceled' } | { readonly body: '' },
    options: CallOptions = {},
  ): Promise<MessageResource> {
    const form = new URLSearchParams('status' in change ? { Status: change.status } : { Body: change.body });
    return this.#onMessage(sid, { method: 'POST', form, read: readMessageResource, ...options });
  }

  /** Deletes Twilio's record of a message; it does not unsend it. */
  async deleteMessage(sid: string, options: CallOptions = {}): Promise<void> {
    await this.#onMessage(sid, { method: 'DELETE', read: () => true, ...options });
  }

  /** Newest first, page after page, until `limit` is reached or there are no more. */
  async listMessages(filter: MessageFilter): Promise<MessageResource[]> {
    const pageSize = filter.pageSize ?? 50;
    demand(Number.isInteger(pageSize) && pageSize >= 1 && pageSize <= 1000, 'The page size must be from 1 to 1000.');
    demand(Number.isSafeInteger(filter.limit) && filter.limit >= 1, 'The limit must be a whole number above 0.');
    const found: MessageResource[] = [];
    let path: string | undefined = this.#path(
      `/Messages.json?${queryOf(filter, Math.min(pageSize, filter.limit)).toString()}`,
    );
    while (path !== undefined && found.length < filter.limit) {
      const page: { messages: readonly MessageResource[]; next: string | undefined } = await this.#transport.call({
        method: 'GET',
        path,
        idempotent: true,
        maxBytes: LARGEST_PAGE,
        signal: filter.signal,
        read: (json) => this.#readPage(json),
      });
      found.push(...page.messages);
      path = page.next;
    }
    return found.slice(0, filter.limit);
  }

  /** The account itself, without its auth token. Standard API keys may not see it (401, error 20003). */
  fetchAccount(options: CallOptions = {}): Promise<AccountResource> {
    return this.#transport.call({
      method: 'GET',
      path: this.#path('.json'),
      idempotent: true,
      signal: options.signal,
      read: readAccountResource,
    });
  }

  /**
   * Shows the sender of an inbound message that an answer is being written, and the message as read.
   *
   * @see https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource
   */
  async showTyping(messageSid: string, options: CallOptions = {}): Promise<void> {
    demand(messageSidPattern.test(messageSid), 'A message SID is SM or MM and up to 62 letters and digits.');
    await this.#transport.call({
      method: 'POST',
      origin: this.#transport.origin.replace('//api.twilio.com', '//messaging.twilio.com'),
      path: '/v2/Indicators/Typing.json',
      form: new URLSearchParams({ messageId: messageSid, channel: 'whatsapp' }),
      idempotent: true,
      signal: options.signal,
      read: () => true,
    });
  }

  /**
   * Takes no more calls, waits for those under way (each has its time limit), then drops the connections, unless they
   * belong to a dispatcher that was passed in. May be called again.
   */
  close(): Promise<void> {
    return this.#transport.close();
  }

  #path(end: string): string {
    return `/2010-04-01/Accounts/${this.accountSid}${end}`;
  }

  async #onMessage<Result>(sid: string, call: Omit<TwilioCall<Result>, 'path' | 'idempotent'>): Promise<Result> {
    demand(messageSidPattern.test(sid), 'A message SID is SM or MM and up to 62 letters and digits.');
    return this.#transport.call({ ...call, path: this.#path(`/Messages/${sid}.json`), idempotent: true });
  }

  /**
   * A next page on another host is refused: it would receive the credentials. So is one after an empty page: the list
   * might never end.
   */
  #readPage(json: unknown): { messages: readonly MessageResource[]; next: string | undefined } | undefined {
    const page = readMessagePage(json);
    if (page === undefined) return undefined;
    if (page.nextPageUri === null) return { messages: page.messages, next: undefined };
    const url = parseUrl(page.nextPageUri, this.#transport.origin);
    if (url?.origin !== this.#transport.origin || page.messages.length === 0) return undefined;
    return { messages: page.messages, next: url.pathname + url.search };
  }
}

function queryOf(filter: MessageFilter, pageSize: number): URLSearchParams {
  const query = new URLSearchParams();
  if (filter.to !== undefined) query.set('To', filter.to);
  if (filter.from !== undefined) query.set('From', filter.from);
  if (filter.dateSentAfter !== undefined) query.set('DateSent>', timeOf(filter.dateSentAfter));
  if (filter.dateSentBefore !== undefined) query.set('DateSent<', timeOf(filter.dateSentBefore));
  query.set('PageSize', String(pageSize));
  return query;
}

/** ISO 8601 to the second, as Twilio's own libraries write it. */
function timeOf(date: Date): string {
  demand(!Number.isNaN(date.getTime()), 'A date of the filter is invalid.');
  return `${date.toISOString().slice(0, 19)}Z`;
}
