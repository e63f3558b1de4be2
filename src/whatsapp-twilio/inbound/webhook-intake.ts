import { Inject, Injectable } from '@nestjs/common';
import { Signal } from '../../common/signal';
import { activeTrace, inSpan } from '../../common/spans';
import { type StatusCallback, StatusCallbacks } from '../delivery/status-callbacks';
import type { Runtime } from '../runtime';
import { isConnectionError } from '../storage/connection-error';
import type { Storage } from '../storage/storage';
import { RUNTIME, STORAGE } from '../tokens';
import { Inbox, type InboundWebhook } from './inbox';
import type { WebhookOutcome } from './verified-webhook';

/** A verified webhook: a user's message, or what Twilio reports about one of ours. */
export type Webhook = ({ readonly kind: 'message' } & InboundWebhook) | ({ readonly kind: 'status' } & StatusCallback);

/**
 * Stores a webhook before it is acknowledged: in the storage, or, while that is away, in the spool. As long as something
 * is left in the spool, new webhooks go behind it, so that what was acknowledged first is handled first.
 */
@Injectable()
export class WebhookIntake {
  /** Something was added to the spool. */
  readonly spooled = new Signal();

  constructor(
    @Inject(STORAGE) private readonly storage: Storage,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly inbox: Inbox,
    private readonly callbacks: StatusCallbacks,
  ) {}

  /**
   * Resolves once the webhook is committed.
   *
   * @throws StorageUnreachableError when the storage is away and there is no spool.
   */
  take(webhook: Webhook): Promise<WebhookOutcome> {
    const { kind, connectionId, params } = webhook;
    const attributes = {
      'whatsapp.webhook.kind': kind,
      'whatsapp.connection.id': connectionId,
      'whatsapp.message.sid': params['MessageSid'],
      'whatsapp.message.id': webhook.kind === 'status' ? webhook.messageId : undefined,
    };
    return inSpan('whatsapp.webhook', { attributes }, () => this.keep(webhook));
  }

  private async keep(webhook: Webhook): Promise<WebhookOutcome> {
    const { spool, reach } = this.storage;
    const trace = webhook.kind === 'message' ? await activeTrace() : undefined;
    const received = { ...webhook, receivedAt: this.runtime.clock.now(), ...(trace && { trace }) };
    if (spool === undefined) return this.store(received);
    if (reach?.outage === undefined && spool.size === 0) {
      try {
        return await this.store(received);
      } catch (error) {
        if (!isConnectionError(error)) throw error;
      }
    }
    await spool.add(JSON.stringify(received));
    this.spooled.emit();
    return 'spooled';
  }

  /** A connection that breaks says little of the next one, and to store the same webhook twice changes nothing. */
  private async store(webhook: Webhook): Promise<WebhookOutcome> {
    try {
      return await this.storeOnce(webhook);
    } catch (error) {
      if (!isConnectionError(error)) throw error;
      return this.storeOnce(webhook);
    }
  }

  private async storeOnce(webhook: Webhook): Promise<WebhookOutcome> {
    if (webhook.kind === 'message') return (await this.inbox.accept(webhook)) === 'new' ? 'stored' : 'repeat';
    await this.callbacks.accept(webhook);
    return 'stored';
  }
}
