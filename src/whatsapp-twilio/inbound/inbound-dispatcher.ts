import { Inject, Injectable, Logger } from '@nestjs/common';
import { Gathered } from '../../common/gathered';
import { tellOfHandler } from '../../common/happenings';
import { inSpan } from '../../common/spans';
import { ConnectionRegistry } from '../connections/connection-registry';
import type { WhatsappTwilioSettings } from '../contract/validate-options';
import { type HandlerFailure, HandlerQueue, type HandlerTask } from '../handlers/handler-queue';
import { logFailure } from '../handlers/log-failure';
import { type HandlerReply, WhatsappHandlers } from '../handlers/whatsapp-handlers';
import { type Conversation, customerServiceWindow } from '../messages/conversation';
import type { WhatsappMessage } from '../messages/inbound-message';
import { parseInboundMessage } from '../messages/parse-inbound-message';
import { parseAddress } from '../messages/address';
import { OutboundService } from '../outbound/outbound.service';
import { type PreparedMessage, Outbox } from '../outbound/outbox';
import type { Runtime } from '../runtime';
import type { Signals } from '../signals';
import type { Database, DatabaseTransaction } from '../storage/database';
import { logTrouble } from '../storage/log-trouble';
import { persistently } from '../storage/persistently';
import type { ConversationRow, InboundRow } from '../storage/schema';
import { WorkQueue } from '../storage/work-queue';
import { DATABASE, RUNTIME, SETTINGS, SIGNALS, WORKER_ID } from '../tokens';
import { userOf } from './inbox';
import { InvalidReplyError } from './invalid-reply.error';

/** Hands stored messages to the handlers, in order within a conversation, and sends what they return. */
@Injectable()
export class InboundDispatcher {
  private readonly logger = new Logger('WhatsappTwilio');
  private readonly queue: HandlerQueue<'inbound_messages', PreparedMessage | undefined>;
  private readonly replyIds = new WeakMap<PreparedMessage, string>();
  private readonly conversations: Gathered<string, ConversationRow>;

  constructor(
    @Inject(SETTINGS) settings: WhatsappTwilioSettings,
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) runtime: Runtime,
    @Inject(SIGNALS) signals: Signals,
    @Inject(WORKER_ID) workerId: string,
    connections: ConnectionRegistry,
    private readonly handlers: WhatsappHandlers,
    private readonly outbound: OutboundService,
    private readonly outbox: Outbox,
  ) {
    this.queue = new HandlerQueue(new WorkQueue(db, 'inbound_messages', connections.scope, workerId), {
      db,
      clock: runtime.clock,
      random: runtime.random,
      settings: settings.handlers,
      keyOf: ({ params }) => userOf({ params: JSON.parse(params) as Record<string, string> }),
      tasksOf: (row) => this.tasksOf(row),
      keep: (trx, replies) => this.keepReplies(trx, replies),
      kept: (row, { name }, reply) => {
        signals.outbox.emit();
        const replyId = reply && this.replyIds.get(reply);
        tellOfHandler({ ...headOf(row), handler: name, result: 'done', ...(replyId !== undefined && { replyId }) });
      },
      onFailure: (row, failure) => this.tellFailure(row, failure),
      onError: logTrouble(this.logger, 'The inbox cannot go on for the moment.'),
    });
    this.conversations = new Gathered(async (ids) => {
      const rows = await db.selectFrom('conversations').selectAll().where('id', 'in', ids).execute();
      return new Map(rows.map((row) => [row.id, row]));
    });
    signals.inbox.on(() => this.queue.wake());
  }

  start(): void {
    this.queue.start();
  }

  stop(): Promise<void> {
    return this.queue.stop();
  }

  private tellFailure(row: InboundRow, failure: HandlerFailure): void {
    logFailure(this.logger, `message ${row.message_sid || row.id}`, failure);
    const result = failure.retryAt === undefined ? 'dead' : 'retry';
    for (const handler of failure.handlers) tellOfHandler({ ...headOf(row), handler, result });
  }

  private async tasksOf(row: InboundRow): Promise<HandlerTask<PreparedMessage | undefined>[]> {
    const message = parseInboundMessage(JSON.parse(row.params) as Record<string, string>, {
      connectionId: row.connection_id,
      receivedAt: new Date(row.received_at),
    });
    const conversation = await this.conversationOf(row, message);
    return this.handlers.messages
      .filter(({ filter }) => filter.has(message.kind))
      .map(({ name, run }) => ({
        name,
        run: async () => {
          const attributes = {
            'whatsapp.handler': name,
            'whatsapp.connection.id': row.connection_id,
            'whatsapp.message.sid': message.sid,
          };
          // Its reply belongs to the span of the handler.
          const handle = async () => this.prepareReply(row, message, name, await run(message, conversation));
          return inSpan('whatsapp.handler', { kind: 'consumer', parent: row.trace, attributes }, handle);
        },
      }));
  }

  private async conversationOf(row: InboundRow, message: WhatsappMessage): Promise<Conversation> {
    const stored = (await this.conversations.get(row.conversation_id))!;
    const sender = parseAddress(stored.sender);
    const { expiresAt } = customerServiceWindow(stored.last_inbound_at ?? undefined, 0);
    return {
      id: stored.id,
      connectionId: stored.connection_id,
      user: message.from,
      ...(stored.user_bsuid !== null && { userId: stored.user_bsuid }),
      ...(sender && { sender }),
      ...(stored.last_inbound_at !== null && { lastInboundAt: new Date(stored.last_inbound_at) }),
      ...(expiresAt !== undefined && { windowExpiresAt: new Date(expiresAt) }),
    };
  }

  /** The reply goes out once, however often the handler ran: its key is the message and the handler. */
  private async prepareReply(
    row: InboundRow,
    { from, to }: WhatsappMessage,
    handler: string,
    reply: HandlerReply,
  ): Promise<PreparedMessage | undefined> {
    if (reply === undefined || reply === null) return undefined;
    const content = typeof reply === 'string' ? { text: reply } : reply;
    if (typeof content !== 'object') throw new InvalidReplyError(handler, typeof reply);
    const answer = {
      ...content,
      to: from,
      ...(to.kind === 'phone' && { from: to }),
      connectionId: row.connection_id,
      idempotencyKey: `reply:${row.id}:${handler}`.slice(0, 255),
    };
    return persistently(this.db, () => this.outbound.prepare(answer));
  }

  private async keepReplies(
    trx: DatabaseTransaction,
    replies: readonly (PreparedMessage | undefined)[],
  ): Promise<void> {
    const messages = replies.filter((reply) => reply !== undefined);
    const enqueued = await this.outbox.enqueueAll(trx, messages);
    for (const [index, stored] of enqueued.entries()) {
      if (!(stored instanceof Error)) {
        this.replyIds.set(messages[index]!, stored.id);
        continue;
      }
      if (stored.code !== 'OPTED_OUT') throw stored;
      // The handler has done its work; that the user wants no answer is no failure of its.
      this.logger.warn('A reply was not sent: the user has opted out.');
    }
  }
}

function headOf({ connection_id, message_sid }: InboundRow) {
  return { kind: 'message' as const, connectionId: connection_id, sid: message_sid };
}
