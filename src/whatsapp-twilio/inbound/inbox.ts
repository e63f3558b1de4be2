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
import { BatchCommit } from '../storage/batch-commit';
import { findOrCreateConversations, type Participants } from '../storage/conversation-store';
import type { Database, DatabaseTransaction } from '../storage/database';
import type { ConversationRow } from '../storage/schema';
import { updateEach } from '../storage/update-each';
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
  /** Whether it, or one that was stored with it, let waiting messages go or canceled them. */
  readonly haveMoved: boolean;
}

/** Stores what came in before it is acknowledged. Messages that arrive together are stored together. */
@Injectable()
export class Inbox {
  private readonly commits: BatchCommit<InboundWebhook, Accepted>;

  constructor(
    @Inject(DATABASE) db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly outbox: Outbox,
    private readonly optOuts: OptOuts,
    private readonly events: EventLog,
  ) {
    this.commits = new BatchCommit<InboundWebhook, Accepted>(db, userOf, (trx, webhooks) =>
      this.storeAll(trx, webhooks),
    );
  }

  /** Resolves once the message is committed; `repeat` if it already was. */
  async accept(webhook: InboundWebhook): Promise<'new' | 'repeat'> {
    const accepted = await this.commits.add(webhook);
    this.announce(accepted);
    return accepted.outcome;
  }

  /** Tells those who have something to do now. To be called after the commit. */
  announce({ outcome, haveMoved }: Accepted): void {
    if (outcome === 'new') this.signals.inbox.emit();
    if (haveMoved) {
      this.signals.outbox.emit();
      this.signals.statuses.emit();
    }
  }

  /** Stores the messages inside the caller's transaction, in their order. */
  async storeAll(trx: DatabaseTransaction, webhooks: readonly InboundWebhook[]): Promise<Accepted[]> {
    const now = this.runtime.clock.now();
    const conversations = await findOrCreateConversations(trx, webhooks.map(participantsOf), now, this.runtime.newId);
    const drafts = webhooks.map((webhook, index) => this.draw(webhook, conversations[index]!, now));
    const inserted = await trx
      .insertInto('inbound_messages')
      .values(drafts)
      .onConflict((conflict) => conflict.doNothing())
      .returning('id')
      .execute();
    const isNew = new Set(inserted.map(({ id }) => id));
    const news = drafts
      .map((row, index) => ({ row, conversation: conversations[index]!, params: webhooks[index]!.params }))
      .filter(({ row }) => isNew.has(row.id));
    if (news.length === 0) return webhooks.map(() => REPEAT);
    await this.events.append(
      trx,
      news.map(({ row }) => ({
        type: 'message.received',
        scope: row.scope,
        connectionId: row.connection_id,
        conversationId: row.conversation_id,
        subjectId: row.id,
        at: row.received_at,
      })),
    );
    let moved = 0;
    for (const { conversation, params } of news) moved += await this.optOuts.heed(trx, conversation, params);
    moved += await this.openWindows(trx, news, now);
    return drafts.map(({ id }) => (isNew.has(id) ? { outcome: 'new', haveMoved: moved > 0 } : REPEAT));
  }

  private draw(webhook: InboundWebhook, conversation: ConversationRow, now: number) {
    const { connectionId, params, idempotencyToken } = webhook;
    return {
      id: this.runtime.newId(),
      scope: this.connections.scope,
      connection_id: connectionId,
      conversation_id: conversation.id,
      dedupe_key: dedupeKeyOf(webhook),
      idempotency_token: idempotencyToken ?? null,
      message_sid: sidOf(params) ?? '',
      params: JSON.stringify(params),
      received_at: webhook.receivedAt ?? now,
      state: 'pending' as const,
      attempts: 0,
      due_at: now,
      done_handlers: '[]',
      failure: null,
      finished_at: null,
      trace: webhook.trace ?? null,
    };
  }

  /** The users have written, and what waited for that may go. Returns how many messages that are. */
  private async openWindows(trx: DatabaseTransaction, news: readonly Stored[], now: number): Promise<number> {
    const opened = new Map<string, { readonly id: string; last_inbound_at: number }>();
    for (const { row, conversation } of news) {
      // One that was received earlier may be stored after later ones.
      const before = opened.get(conversation.id)?.last_inbound_at ?? conversation.last_inbound_at ?? 0;
      opened.set(conversation.id, { id: conversation.id, last_inbound_at: Math.max(row.received_at, before) });
    }
    await updateEach(trx, 'conversations', { last_inbound_at: 'bigint' }, [...opened.values()]);
    const held = await trx
      .selectFrom('outbound_messages')
      .select('conversation_id')
      .distinct()
      .where('conversation_id', 'in', [...opened.keys()])
      .where(sql<boolean>`status = 'held'`) // written out, for the index of those
      .execute();
    let released = 0;
    for (const { conversation_id } of held) {
      const isOpen = customerServiceWindow(opened.get(conversation_id)!.last_inbound_at, now).open;
      if (isOpen) released += await this.outbox.releaseHeld(trx, conversation_id);
    }
    return released;
  }
}

interface Stored {
  readonly row: { readonly received_at: number };
  readonly conversation: ConversationRow;
}

const REPEAT: Accepted = { outcome: 'repeat', haveMoved: false };

function participantsOf({ connectionId, params }: InboundWebhook): Participants {
  const { From = '', To = '', MessagingServiceSid: messagingServiceSid, ExternalUserId: userId } = params;
  return {
    connectionId,
    sender: readAddress(To).value,
    user: readAddress(From),
    ...(messagingServiceSid && { messagingServiceSid }),
    ...(userId && { userId: readAddress(userId).value }),
  };
}

/** The MessageSid; without one the token of the request, and without that what the request says. */
function dedupeKeyOf({ params, idempotencyToken }: InboundWebhook): string {
  const sid = sidOf(params);
  if (sid !== undefined) return sid;
  if (idempotencyToken) return `token:${idempotencyToken}`;
  return `sha256:${createHash('sha256').update(JSON.stringify(params)).digest('hex')}`;
}

function sidOf(params: Readonly<Record<string, string>>): string | undefined {
  return params['MessageSid'] || params['SmsMessageSid'] || params['SmsSid'] || undefined;
}

/** What is written about one conversation keeps its order. */
export function userOf({ params }: { readonly params: Readonly<Record<string, string>> }): string {
  return readAddress(params['From'] ?? '').value;
}
