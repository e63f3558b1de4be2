import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { activeTrace } from '../../common/spans';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { inConversation } from '../conversations/conversation-filter';
import type { OutboundStatus } from '../messages/message-status';
import type { OutboundMessageInput, OutboundRequest } from '../messages/outbound-message';
import { validateOutboundMessage } from '../messages/validate-outbound-message';
import type { Signals } from '../signals';
import { BatchCommit } from '../storage/batch-commit';
import { type CallersTransaction, withinTransaction } from '../storage/callers-transaction';
import type { Database } from '../storage/database';
import { type Engine, engineOf } from '../storage/engine';
import { groupCommitOf } from '../storage/group-commit';
import { asList, canBeStored, idOfCursor, pageLimit, pageOf, type PageRequest } from '../storage/page';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, SIGNALS } from '../tokens';
import { InvalidMessageError, MessageNotFoundError, TransactionNotPossibleError } from './outbound.errors';
import {
  type OutboundMessage,
  type OutboundMessageWithHistory,
  toMessageEvent,
  toOutboundMessage,
} from './outbound-message.view';
import { type Enqueued, type PreparedMessage, Outbox } from './outbox';
import { WaitingReasons } from './waiting-reasons';

export interface SendOptions {
  /**
   * A transaction of yours on the same PostgreSQL database: the message exists if and only if it is committed, and is
   * sent after that.
   */
  readonly transaction?: CallersTransaction;
}

/** Which messages `list()` gives; all of them, unless told otherwise. */
export interface OutboundFilter extends PageRequest {
  readonly status?: OutboundStatus | readonly OutboundStatus[];
  /** The id of a conversation, or the address of a user. */
  readonly conversation?: string;
  /** The id of a connection, or of several. */
  readonly connection?: string | readonly string[] | undefined;
}

export interface OutboundPage {
  /** Newest first. */
  readonly messages: readonly OutboundMessage[];
  /** For the next page; absent on the last. */
  readonly nextCursor?: string;
}

/**
 * Sends WhatsApp messages.
 *
 * @example
 * const message = await outbound.send({ to: '+15551230001', text: 'Your table is ready.' });
 */
@Injectable()
export class OutboundService {
  private readonly commits: BatchCommit<PreparedMessage, Enqueued>;

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(SIGNALS) private readonly signals: Signals,
    private readonly connections: ConnectionRegistry,
    private readonly outbox: Outbox,
    private readonly reasons: WaitingReasons,
  ) {
    this.commits = new BatchCommit(db, userOf, (trx, orders) => outbox.enqueueAll(trx, orders));
  }

  /**
   * Queues a message; resolves once it is durably stored, before it is sent. Follow it with `get()` or
   * `@OnWhatsappStatus`.
   *
   * @throws InvalidMessageError (`INVALID_MESSAGE`) with an error for each field that Twilio would refuse.
   * @throws IdempotencyConflictError (`IDEMPOTENCY_CONFLICT`) when the key belongs to another message.
   * @throws OutsideWindowError (`OUTSIDE_WINDOW`) when `outsideWindow: 'reject'` and the 24-hour window is closed.
   * @throws ConnectionLookupError (`CONNECTION_LOOKUP_FAILED`) when it cannot be told whether there is such a connection.
   * @throws TransactionNotPossibleError (`TRANSACTION_NOT_POSSIBLE`) when the storage is not PostgreSQL.
   */
  async send(input: OutboundMessageInput, { transaction }: SendOptions = {}): Promise<OutboundMessage> {
    const prepared = await this.prepare(input);
    if (transaction !== undefined) return this.sendWithin(transaction, prepared);
    const row = stored(await this.commits.add(prepared));
    this.signals.outbox.emit();
    return toOutboundMessage(row);
  }

  /**
   * The message checked and its connection looked up, which must not happen inside a transaction.
   *
   * @internal
   */
  async prepare(input: OutboundMessageInput): Promise<PreparedMessage> {
    const validation = validateOutboundMessage(input);
    if (!validation.ok) throw new InvalidMessageError(validation.errors);
    const { request } = validation;
    const connection = await this.connectionOf(request);
    await this.checkSender(connection, request);
    return { connection, request, trace: await activeTrace() };
  }

  /** A message and its history; `undefined` if there is none with this id. */
  async get(id: string): Promise<OutboundMessageWithHistory | undefined> {
    const row = await this.find(this.db, id);
    if (row === undefined) return undefined;
    const events = await this.db
      .selectFrom('message_events')
      .selectAll()
      .where('message_id', '=', id)
      .orderBy('at') // a replay gives an event a new place in the queue
      .orderBy('seq')
      .execute();
    const waiting = await this.reasons.of([row]);
    return { ...toOutboundMessage(row, waiting.get(row.id)), history: events.map(toMessageEvent) };
  }

  /**
   * The messages that fit, newest first.
   *
   * @throws InvalidPageError (`INVALID_PAGE`) for a limit or a cursor that cannot be, or a conversation that is neither an
   * id nor an address.
   */
  async list({ status, conversation, connection, ...page }: OutboundFilter = {}): Promise<OutboundPage> {
    const limit = pageLimit(page.limit);
    let query = this.db.selectFrom('outbound_messages').selectAll().where('scope', '=', this.connections.scope);
    if (status !== undefined) query = query.where('status', 'in', asList(status));
    if (conversation !== undefined) query = query.where(inConversation(conversation));
    if (connection !== undefined) query = query.where('connection_id', 'in', asList(connection));
    if (page.cursor !== undefined) query = query.where('id', '<', idOfCursor(page.cursor));
    const found = await query
      .orderBy('id', 'desc')
      .limit(limit + 1)
      .execute();
    const { rows, ...next } = pageOf(found, limit);
    const waiting = await this.reasons.of(rows);
    return { messages: rows.map((row) => toOutboundMessage(row, waiting.get(row.id))), ...next };
  }

  /**
   * Takes back a message that has not been sent.
   *
   * @throws MessageNotFoundError (`MESSAGE_NOT_FOUND`), NotCancelableError (`NOT_CANCELABLE`).
   */
  async cancel(id: string): Promise<OutboundMessage> {
    const row = await groupCommitOf(this.db).run(async (trx) => {
      const found = await this.find(trx, id, engineOf(trx).forUpdate);
      if (found === undefined) throw new MessageNotFoundError();
      return this.outbox.cancel(trx, found);
    });
    this.signals.statuses.emit();
    this.signals.outbox.emit();
    return toOutboundMessage(row);
  }

  /** The conversation is found or begun beforehand: a caller's long transaction must not hold up its webhooks. */
  private async sendWithin(transaction: CallersTransaction, prepared: PreparedMessage): Promise<OutboundMessage> {
    if (engineOf(this.db).name !== 'postgres') throw new TransactionNotPossibleError();
    const routes = await groupCommitOf(this.db).run((trx) => this.outbox.routeAll(trx, [prepared]), userOf(prepared));
    const [row] = await withinTransaction(transaction, (trx) => this.outbox.addAll(trx, [prepared], routes));
    return toOutboundMessage(stored(row!));
  }

  private async find(db: Database, id: string, lock: Engine['forUpdate'] = sql``): Promise<OutboundRow | undefined> {
    if (!canBeStored(id)) return undefined;
    return db
      .selectFrom('outbound_messages')
      .selectAll()
      .where('id', '=', id)
      .where('scope', '=', this.connections.scope)
      .modifyEnd(lock)
      .executeTakeFirst();
  }

  private async connectionOf({ connectionId }: OutboundRequest): Promise<Connection> {
    if (connectionId === undefined) return this.connections.default;
    const connection = await this.connections.byId(connectionId);
    if (connection?.state === 'active') return connection;
    throw new InvalidMessageError([
      connection === undefined
        ? { field: 'connectionId', code: 'unknown', message: 'connectionId names no connection of this app.' }
        : { field: 'connectionId', code: 'invalid', message: 'connectionId names a connection that is disabled.' },
    ]);
  }

  /** Connections of one account have the same token, so Twilio would send as any of them. */
  private async checkSender(connection: Connection, { from }: OutboundRequest): Promise<void> {
    if (from === undefined || connection.mode === 'managed' || from.value === connection.from?.value) return;
    const { accountSid, messagingServiceSid } = connection;
    const owner = await this.connections.byAccount(accountSid, {
      sender: from.value,
      ...(messagingServiceSid && { messagingServiceSid }),
    });
    if (owner?.id === connection.id) return;
    throw new InvalidMessageError([
      { field: 'from', code: 'invalid', message: 'from is no sender of this connection. Leave it out.' },
    ]);
  }
}

/** What is written about one conversation keeps its order. */
function userOf({ request }: PreparedMessage): string {
  return request.to.value;
}

/** @throws what stood in the way */
function stored(enqueued: Enqueued): OutboundRow {
  if (enqueued instanceof Error) throw enqueued;
  return enqueued;
}
