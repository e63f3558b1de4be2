import { Inject, Injectable } from '@nestjs/common';
import { createHash } from 'node:crypto';
import type { Connection } from '../connections/connection';
import { ConnectionRegistry } from '../connections/connection-registry';
import { MessageJournal, type WaitingReason } from '../delivery/message-journal';
import { type Address, formatAddress } from '../messages/address';
import { customerServiceWindow } from '../messages/conversation';
import type { OutboundStatus } from '../messages/message-status';
import type { OutboundRequest } from '../messages/outbound-message';
import type { Runtime } from '../runtime';
import { findLatestSender, findOrCreateConversations } from '../storage/conversation-store';
import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { optedOutOf } from '../storage/opt-out-store';
import type { ConversationRow, NewOutboundRow, OutboundRow } from '../storage/schema';
import { RUNTIME } from '../tokens';
import {
  IdempotencyConflictError,
  InvalidMessageError,
  NotCancelableError,
  OptedOutError,
  OutsideWindowError,
} from './outbound.errors';

/** Statuses in which a message has not left and may be taken back. */
const cancelable = new Set(['queued', 'scheduled', 'held']);

/** A message that may be queued, and the connection that sends it. */
export interface PreparedMessage {
  readonly connection: Connection;
  readonly request: OutboundRequest;
  /** The span in which it is queued, as a `traceparent`. */
  readonly trace: string | undefined;
}

export type Enqueued = OutboundRow | IdempotencyConflictError | OptedOutError | OutsideWindowError;

/** The stored queue of outbound messages. Every method works inside the caller's transaction. */
@Injectable()
export class Outbox {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly journal: MessageJournal,
  ) {}

  /**
   * Stores messages as work for the dispatcher; one with a known idempotency key is found instead. What cannot be stored
   * comes back as the error that says why, and harms no other.
   */
  async enqueueAll(trx: DatabaseTransaction, messages: readonly PreparedMessage[]): Promise<Enqueued[]> {
    return this.addAll(trx, messages, await this.routeAll(trx, messages));
  }

  /** Who sends each, and in which conversation. */
  async routeAll(trx: DatabaseTransaction, messages: readonly PreparedMessage[]): Promise<Route[]> {
    const senders: Sender[] = [];
    for (const { connection, request } of messages) senders.push(await this.chooseSender(trx, connection, request));
    const participants = messages.map(({ connection, request }, index) => {
      const { from, messagingServiceSid } = senders[index]!;
      return {
        connectionId: connection.id,
        sender: from?.value ?? messagingServiceSid!,
        ...(messagingServiceSid && { messagingServiceSid }),
        user: request.to,
      };
    });
    const conversations = await findOrCreateConversations(
      trx,
      participants,
      this.runtime.clock.now(),
      this.runtime.newId,
    );
    return conversations.map((conversation, index) => ({ sender: senders[index]!, conversation }));
  }

  /** Adds messages to conversations that are there. */
  async addAll(
    trx: DatabaseTransaction,
    messages: readonly PreparedMessage[],
    routes: readonly Route[],
  ): Promise<Enqueued[]> {
    const now = this.runtime.clock.now();
    const optedOut = await optedOutOf(
      trx,
      routes.map(({ conversation }) => conversation),
    );
    const drafts = messages.map((message, index) => {
      const route = routes[index]!;
      const hash = hashOf(message.request);
      const refusal = refusalOf(message.request, route, optedOut, now);
      return { message, hash, refusal, row: this.draw(message, route, hash, now) };
    });
    const rows = drafts.filter(({ refusal }) => refusal === undefined).map(({ row }) => row);
    const stored = new Map<string, OutboundRow>();
    if (rows.length > 0) {
      const inserted = await trx
        .insertInto('outbound_messages')
        .values(rows)
        .onConflict((conflict) => conflict.columns(['connection_id', 'idempotency_key']).doNothing())
        .returningAll()
        .execute();
      for (const row of inserted) stored.set(row.id, row);
      await this.journal.begin(trx, inserted);
    }
    const enqueued: Enqueued[] = [];
    for (const { message, hash, refusal, row } of drafts) {
      enqueued.push(stored.get(row.id) ?? (await this.repeated(trx, message, hash)) ?? refusal!);
    }
    return enqueued;
  }

  /** The message as it is stored. */
  private draw(
    { connection, request, trace }: PreparedMessage,
    { sender, conversation }: Route,
    hash: string,
    now: number,
  ): NewOutboundRow {
    const sendAt = request.sendAt?.getTime() ?? null;
    const expiresAt = request.expiresInSeconds ? Math.max(now, sendAt ?? now) + request.expiresInSeconds * 1000 : null;
    const hold = request.outsideWindow === 'hold' && mustWait(request, conversation, now);
    return {
      id: this.runtime.newId(),
      scope: this.connections.scope,
      connection_id: connection.id,
      account_sid: connection.accountSid,
      conversation_id: conversation.id,
      to_address: formatAddress(request.to),
      from_address: sender.from ? formatAddress(sender.from) : null,
      messaging_service_sid: sender.messagingServiceSid ?? null,
      content: JSON.stringify(request.content),
      content_hash: hash,
      idempotency_key: request.idempotencyKey ?? null,
      priority: request.priority,
      metadata: JSON.stringify(request.metadata ?? {}),
      twilio_sid: null,
      error: null,
      send_at: sendAt,
      expires_at: expiresAt,
      attempts: 0,
      attempted_at: null,
      outside_window: 'template' in request.content ? 'send' : request.outsideWindow,
      created_at: now,
      updated_at: now,
      trace: trace ?? null,
      ...startOf({ now, sendAt, expiresAt, hold }),
    };
  }

  /** The user has written: what waited for that may go. Returns how many that are. */
  async releaseHeld(trx: DatabaseTransaction, conversationId: string): Promise<number> {
    const held = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('conversation_id', '=', conversationId)
      .where('status', '=', 'held')
      .orderBy('seq')
      .modifyEnd(engineOf(trx).forUpdate)
      .execute();
    const now = this.runtime.clock.now();
    for (const row of held) {
      const { status, due_at, waiting } = startOf({ now, sendAt: row.send_at, expiresAt: row.expires_at, hold: false });
      await this.journal.step(trx, row, { status, dueAt: due_at, waiting });
    }
    return held.length;
  }

  /** Takes back what has not been sent. */
  async cancel(trx: DatabaseTransaction, row: OutboundRow): Promise<OutboundRow> {
    if (!cancelable.has(row.status)) throw new NotCancelableError(row.status);
    return this.journal.step(trx, row, { status: 'canceled', dueAt: null });
  }

  /** The message that has the request's idempotency key. */
  private async repeated(
    trx: DatabaseTransaction,
    { connection, request: { idempotencyKey } }: PreparedMessage,
    contentHash: string,
  ): Promise<OutboundRow | IdempotencyConflictError | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const earlier = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('connection_id', '=', connection.id)
      .where('idempotency_key', '=', idempotencyKey)
      .executeTakeFirst();
    if (earlier === undefined || earlier.content_hash === contentHash) return earlier;
    return new IdempotencyConflictError(earlier.id);
  }

  /** The message's own sender, else the connection's; a service goes on with the number the user already knows. */
  private async chooseSender(
    trx: DatabaseTransaction,
    connection: Connection,
    request: OutboundRequest,
  ): Promise<Sender> {
    const { messagingServiceSid } = connection;
    const from = request.from ?? connection.from;
    if (from !== undefined) return { from };
    if (messagingServiceSid === undefined) {
      throw new InvalidMessageError([
        {
          field: 'from',
          code: 'required',
          message:
            'from is required, as the connection has no sender. ' +
            'Set fromNumber (WHATSAPP_FROM_NUMBER) or messagingServiceSid (TWILIO_MESSAGING_SERVICE_SID).',
        },
      ]);
    }
    const known = await findLatestSender(trx, connection.id, request.to);
    return { messagingServiceSid, ...(known && { from: { kind: 'phone', value: known } }) };
  }
}

interface Sender {
  readonly from?: Address;
  readonly messagingServiceSid?: string;
}

export interface Route {
  readonly sender: Sender;
  readonly conversation: ConversationRow;
}

interface Start {
  readonly status: OutboundStatus;
  readonly due_at: number | null;
  readonly waiting: WaitingReason | null;
}

/** Whether the user has to write first: a template alone may be sent at any time. */
function mustWait({ content }: OutboundRequest, { last_inbound_at }: ConversationRow, now: number): boolean {
  return !('template' in content) && !customerServiceWindow(last_inbound_at ?? undefined, now).open;
}

/** Why it is not sent, unless it was before. */
function refusalOf(
  request: OutboundRequest,
  { conversation }: Route,
  optedOut: ReadonlySet<string>,
  now: number,
): OptedOutError | OutsideWindowError | undefined {
  if (optedOut.has(conversation.id)) return new OptedOutError();
  if (request.outsideWindow === 'reject' && mustWait(request, conversation, now)) return new OutsideWindowError();
  return undefined;
}

function startOf(at: { now: number; sendAt: number | null; expiresAt: number | null; hold: boolean }): Start {
  if (at.hold) return { status: 'held', due_at: at.expiresAt, waiting: 'window' };
  if (at.sendAt !== null && at.sendAt > at.now) return { status: 'scheduled', due_at: at.sendAt, waiting: 'schedule' };
  return { status: 'queued', due_at: at.now, waiting: null };
}

/** What a repeat with the same idempotency key must agree in. */
function hashOf({ to, from, content, sendAt, metadata, ...how }: OutboundRequest): string {
  const { priority, expiresInSeconds, outsideWindow } = how;
  const parts = [
    [to.value, from?.value ?? null, content, sendAt?.getTime() ?? null, metadata ?? {}],
    [priority, expiresInSeconds ?? null, outsideWindow],
  ];
  return createHash('sha256').update(JSON.stringify(parts, inOrderOfNames)).digest('hex');
}

/** The same variables or metadata in another order are the same message. */
function inOrderOfNames(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
