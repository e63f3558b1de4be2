import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import { readAddress } from '../messages/address';
import { Outbox } from '../outbound/outbox';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import { findOrCreateConversation } from '../storage/conversation-store';
import type { Database, DatabaseTransaction } from '../storage/database';
import { GroupCommit } from '../storage/group-commit';
import { DATABASE, RUNTIME, SIGNALS } from '../tokens';

/** A verified webhook with a user's message. */
export interface InboundWebhook {
  readonly connectionId: string;
  readonly params: Readonly<Record<string, string>>;
  /** Twilio's `I-Twilio-Idempotency-Token`, the same on each try of one request. */
  readonly idempotencyToken?: string;
}

/** Stores what came in before it is acknowledged. Messages that arrive together share a commit. */
@Injectable()
export class Inbox {
  private readonly commits: GroupCommit<InboundWebhook, 'new' | 'repeat'>;

  constructor(
    @Inject(DATABASE) db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly outbox: Outbox,
  ) {
    this.commits = new GroupCommit(db, (trx, webhook) => this.insert(trx, webhook));
  }

  /** Resolves once the message is committed; `repeat` if it already was. */
  async accept(webhook: InboundWebhook): Promise<'new' | 'repeat'> {
    const outcome = await this.commits.submit(webhook);
    if (outcome === 'new') {
      this.signals.inbox.emit();
      this.signals.outbox.emit(); // a message that waited for the user to write
    }
    return outcome;
  }

  private async insert(trx: DatabaseTransaction, webhook: InboundWebhook): Promise<'new' | 'repeat'> {
    const { connectionId, params } = webhook;
    const dedupeKey = dedupeKeyOf(webhook);
    const known = await trx
      .selectFrom('inbound_messages')
      .select('seq')
      .where('connection_id', '=', connectionId)
      .where('dedupe_key', '=', dedupeKey)
      .executeTakeFirst();
    if (known !== undefined) return 'repeat';

    const now = this.runtime.clock.now();
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
    await trx
      .updateTable('conversations')
      .set({ last_inbound_at: now })
      .where('id', '=', conversation.id)
      .execute();
    await trx
      .insertInto('inbound_messages')
      .values({
        id: this.runtime.newId(),
        connection_id: connectionId,
        conversation_id: conversation.id,
        dedupe_key: dedupeKey,
        message_sid: params['MessageSid'] || params['SmsMessageSid'] || params['SmsSid'] || '',
        params: JSON.stringify(params),
        received_at: now,
        state: 'pending',
        attempts: 0,
        due_at: now,
        done_handlers: '[]',
        failure: null,
        finished_at: null,
      })
      .execute();
    await this.outbox.releaseHeld(trx, conversation.id);
    return 'new';
  }
}

/** The MessageSid; without one the token of the request, and without that what the request says. */
function dedupeKeyOf({ params, idempotencyToken }: InboundWebhook): string {
  const sid = params['MessageSid'] || params['SmsMessageSid'] || params['SmsSid'];
  if (sid) return sid;
  if (idempotencyToken) return `token:${idempotencyToken}`;
  return `sha256:${createHash('sha256').update(JSON.stringify(params)).digest('hex')}`;
}
