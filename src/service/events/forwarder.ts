import { Webhook } from 'standardwebhooks';
import { Agent, request } from 'undici';
import { channel } from 'node:diagnostics_channel';
import { isIP } from 'node:net';
import { activeTrace } from '../../common/spans';
import type { EventHead, EventSubscriber, EventType, WhatsappEvent } from '../../whatsapp-twilio/events/event';
import type { ForwardEndpoint } from './forward-endpoints';
import { isPublicAddress, PrivateAddressError, publicLookup } from './public-address';

const CONNECT_TIMEOUT_MS = 5000;
/** Until an endpoint has said that it took the event. */
const ANSWER_TIMEOUT_MS = 15_000;
/** "Gone": whoever says so wants nothing more. */
const GONE = 410;

/** What became of a try to post an event. */
export interface ForwardHappening {
  readonly endpoint: string;
  readonly result: 'taken' | 'retry' | 'refused';
  readonly eventId: string;
  readonly type: EventType;
  readonly connectionId: string;
  readonly messageId: string;
  readonly messageSid?: string;
}

/** Told to whoever listens in this process, after it happened. */
export const forwardChannel = channel('nestjs-whatsapp-twilio:forward');

/** Where OpenTelemetry's instrumentation of undici listens, which adds the header `traceparent` itself. */
const watchedRequests = channel('undici:request:create');

/** The endpoint did not take the event. */
export class ForwardError extends Error {
  readonly code = 'NOT_FORWARDED';

  constructor(
    reason: string,
    readonly retryable: boolean,
  ) {
    super(reason);
    this.name = 'ForwardError';
  }
}

/**
 * Posts events to an endpoint, signed after Standard Webhooks. Redirects are not followed: an endpoint has one address.
 *
 * @see https://www.standardwebhooks.com
 */
export class Forwarder implements EventSubscriber {
  readonly name: string;
  readonly #webhook: Webhook;
  readonly #agent: Agent;

  constructor(
    private readonly endpoint: ForwardEndpoint,
    private readonly mayBePrivate: boolean,
  ) {
    this.name = endpoint.name;
    this.#webhook = new Webhook(endpoint.secret);
    this.#agent = new Agent({
      connect: { timeout: CONNECT_TIMEOUT_MS, ...(!mayBePrivate && { lookup: publicLookup }) },
    });
  }

  wants({ type, connectionId, status }: EventHead): boolean {
    const { types, connections, statuses } = this.endpoint;
    return (
      (types?.includes(type) ?? true) &&
      (connections?.includes(connectionId) ?? true) &&
      (status === undefined || (statuses?.includes(status) ?? true))
    );
  }

  /** @throws ForwardError */
  async deliver(event: WhatsappEvent): Promise<void> {
    try {
      await this.#deliver(event);
    } catch (error) {
      this.#tell(event, (error as ForwardError).retryable ? 'retry' : 'refused');
      throw error;
    }
    this.#tell(event, 'taken');
  }

  #tell(event: WhatsappEvent, result: ForwardHappening['result']): void {
    if (!forwardChannel.hasSubscribers) return;
    const { id, type, connectionId } = event;
    const messageId = event.type === 'message.status' ? event.data.messageId : event.data.id;
    const { sid } = event.data;
    const ids = { eventId: id, type, connectionId, messageId, ...(sid !== undefined && { messageSid: sid }) };
    forwardChannel.publish({ endpoint: this.name, result, ...ids } satisfies ForwardHappening);
  }

  async #deliver(event: WhatsappEvent): Promise<void> {
    const url = new URL(this.endpoint.url);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    // An address needs no look-up, so it is checked here.
    if (!this.mayBePrivate && isIP(host) !== 0 && !isPublicAddress(host)) {
      throw new ForwardError(new PrivateAddressError().message, true);
    }
    const status = await this.#post(url, event.id, JSON.stringify(event));
    if (status >= 200 && status < 300) return;
    const hint = status >= 300 && status < 400 ? ', a redirect, which is not followed' : '';
    throw new ForwardError(`It answered with HTTP ${status}${hint}.`, status !== GONE);
  }

  close(): Promise<void> {
    return this.#agent.destroy();
  }

  async #post(url: URL, id: string, body: string): Promise<number> {
    const at = new Date();
    const trace = watchedRequests.hasSubscribers ? undefined : await activeTrace();
    try {
      const { statusCode, body: answer } = await request(url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'user-agent': 'nestjs-whatsapp-twilio',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': this.#webhook.sign(id, at, body),
          ...(trace !== undefined && { traceparent: trace }),
        },
        body,
        headersTimeout: ANSWER_TIMEOUT_MS,
        bodyTimeout: ANSWER_TIMEOUT_MS,
      });
      // What it says beside the status is of no interest, and may be endless.
      answer.on('error', () => {}).destroy();
      return statusCode;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      throw new ForwardError(
        code === 'PRIVATE_ADDRESS' ? message : `It cannot be reached (${code ?? 'no reason'}).`,
        true,
      );
    }
  }
}
