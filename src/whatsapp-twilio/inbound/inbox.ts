import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { createHash } from 'node:crypto';
import { ConnectionRegistry } from '../connections/connection-registry';
import { OptOuts } from '../conversations/opt-outs';
import { EventLog } from '../events/event-log';
import { readAddress } from '../messages/address';
import { customerServiceWindow } from '../messages/conversation';
import { Outbox } from '../outbound/outbox';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import { findOrCreateConversation } from '../storage/conversation-store';
import type { Database, DatabaseTransaction } from '../storage/database';
import { groupCommitOf } from '../storage/group-commit';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';

/** A verified webhook with a user's message. */
export interface InboundWebhook {
  readonly connectionId: string;
  readonly params: Readonly<Record<string, string>>;
  /** Twilio's `I-Twilio-Idempotency-Token`, the same on each try of one request. */
  readonly idempotencyToken?: string;
  /** Milliseconds since 1970; now, unless it was received earlier. */
  readonly receivedAt?: number;
  /** The span in which it came in, as a `traceparent`. */
  readonly trace?: string;
}

/** What came of storing a message. */
export interface Accepted {
  readonly outcome: 'new' | 'repeat';
  /** How many waiting messages it let go or canceled. */
  readonly moved: number;
}

/** Stores what came in before it is acknowledged. Messages that arrive together share a commit. */
@Injectable()
export class Inbox {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly outbox: Outbox,
    private readonly optOuts: OptOuts,
    private readonly events: EventLog,
  ) {}

  /** Resolves once the message is committed; `repeat` if it already was. */
  async accept(webhook: InboundWebhook): Promise<'new' | 'repeat'> {
    const accepted = await groupCommitOf(this.db).run((trx) => this.store(trx, webhook), userOf(webhook.params));
    this.announce(accepted);
    return accepted.outcome;
  }

  /** Tells those who have something to do now. To be called after the commit. */
  announce({ outcome, moved }: Accepted): void {
    if (outcome === 'new') this.signals.inbox.emit();
    if (moved > 0) {
      this.signals.outbox.emit();
      this.signals.statuses.emit();
    }
  }

  /** Stores the message inside the caller's transaction. */
  async store(trx: DatabaseTransaction, webhook: InboundWebhook): Promise<Accepted> {
    const { connectionId, params, idempotencyToken } = webhook;
    const dedupeKey = dedupeKeyOf(webhook);
    const known = await trx
      .selectFrom('inbound_messages')
      .select('seq')
      .where('connection_id', '=', connectionId)
      .where(({ or, eb }) =>
        or([
          eb('dedupe_key', '=', dedupeKey),
          ...(idempotencyToken === undefined ? [] : [eb('idempotency_token', '=', idempotencyToken)]),
        ]),
      )
      .executeTakeFirst();
    if (known !== undefined) return { outcome: 'repeat', moved: 0 };

    const now = this.runtime.clock.now();
    const receivedAt = webhook.receivedAt ?? now;
    const userId = params['ExternalUserId'];
    const messagingServiceSid = params['MessagingServiceSid'];
    const conversation = await findOrCreateConversation(
      trx,
      {
        connectionId,
        sender: readAddress(params['To'] ?? '').value,
        user: readAddress(params['From'] ?? ''),
        ...(messagingServiceSid && { messagingServiceSid }),
        ...(userId && { userId: readAddress(userId).value }),
      },
      now,
      this.runtime.newId,
    );
    // One that was received earlier may be stored after later ones.
    const lastInboundAt = Math.max(receivedAt, conversation.last_inbound_at ?? 0);
    const { held } = await trx
      .updateTable('conversations')
      .set({ last_inbound_at: lastInboundAt })
      .where('id', '=', conversation.id)
      .returning(
        sql<boolean | number>`exists (
          select 1 from outbound_messages where conversation_id = ${conversation.id} and status = 'held'
        )`.as('held'),
      )
      .executeTakeFirstOrThrow();
    const inserted = await trx
      .insertInto('inbound_messages')
      .values({
        id: this.runtime.newId(),
        scope: this.connections.scope,
        connection_id: connectionId,
        conversation_id: conversation.id,
        dedupe_key: dedupeKey,
        idempotency_token: idempotencyToken ?? null,
        message_sid: params['MessageSid'] || params['SmsMessageSid'] || params['SmsSid'] || '',
        params: JSON.stringify(params),
        received_at: receivedAt,
        state: 'pending',
        attempts: 0,
        due_at: now,
        done_handlers: '[]',
        failure: null,
        finished_at: null,
        trace: webhook.trace ?? null,
      })
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .executeTakeFirst();
    // Another process stored the same message in this moment.
    if (inserted === undefined) return { outcome: 'repeat', moved: 0 };
    await this.events.append(trx, [
      {
        type: 'message.received',
        scope: this.connections.scope,
        connectionId,
        conversationId: conversation.id,
        subjectId: inserted.id,
        at: receivedAt,
      },
    ]);
    const canceled = await this.optOuts.heed(trx, conversation, params);
    const mayGo = held && customerServiceWindow(lastInboundAt, now).open;
    const released = mayGo ? await this.outbox.releaseHeld(trx, conversation.id) : 0;
    return { outcome: 'new', moved: canceled + released };
  }
}

/** The MessageSid; without one the token of the request, and without that what the request says. */
function dedupeKeyOf({ params, idempotencyToken }: InboundWebhook): string {
  const sid = params['MessageSid'] || params['SmsMessageSid'] || params['SmsSid'];
  if (sid) return sid;
  if (idempotencyToken) return `token:${idempotencyToken}`;
  return `sha256:${createHash('sha256').update(JSON.stringify(params)).digest('hex')}`;
}

/** What is written about one conversation keeps its order. */
export function userOf(params: Readonly<Record<string, string>>): string {
  return readAddress(params['From'] ?? '').value;
}
