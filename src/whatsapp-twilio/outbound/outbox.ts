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
import { findLatestSender, findOrCreateConversation } from '../storage/conversation-store';
import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import { isOptedOut } from '../storage/opt-out-store';
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

/** The stored queue of outbound messages. Every method works inside the caller's transaction. */
@Injectable()
export class Outbox {
  constructor(
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly journal: MessageJournal,
  ) {}

  /** Stores a message as work for the dispatcher; one with a known idempotency key is found instead. */
  async enqueue(trx: DatabaseTransaction, message: PreparedMessage): Promise<OutboundRow> {
    return this.add(trx, message, await this.route(trx, message));
  }

  /** Who sends it, and in which conversation. */
  async route(trx: DatabaseTransaction, { connection, request }: PreparedMessage): Promise<Route> {
    const sender = await this.chooseSender(trx, connection, request);
    const conversation = await findOrCreateConversation(
      trx,
      {
        connectionId: connection.id,
        sender: sender.from?.value ?? sender.messagingServiceSid!,
        ...(sender.messagingServiceSid && { messagingServiceSid: sender.messagingServiceSid }),
        user: request.to,
      },
      this.runtime.clock.now(),
      this.runtime.newId,
    );
    return { sender, conversation };
  }

  /** Adds a message to a conversation that is there. */
  async add(
    trx: DatabaseTransaction,
    { connection, request, trace }: PreparedMessage,
    route: Route,
  ): Promise<OutboundRow> {
    const { sender, conversation } = route;
    const contentHash = hashOf(request);
    if (await isOptedOut(trx, conversation)) {
      const earlier = await this.repeated(trx, connection, request, contentHash);
      if (earlier === undefined) throw new OptedOutError();
      return earlier;
    }
    const now = this.runtime.clock.now();
    const window = customerServiceWindow(conversation.last_inbound_at ?? undefined, now);
    const mustWait = !window.open && !('template' in request.content);
    if (mustWait && request.outsideWindow === 'reject') {
      const earlier = await this.repeated(trx, connection, request, contentHash);
      if (earlier === undefined) throw new OutsideWindowError();
      return earlier;
    }

    const sendAt = request.sendAt?.getTime() ?? null;
    const expiresAt = request.expiresInSeconds ? Math.max(now, sendAt ?? now) + request.expiresInSeconds * 1000 : null;
    const row: NewOutboundRow = {
      id: this.runtime.newId(),
      scope: this.connections.scope,
      connection_id: connection.id,
      account_sid: connection.accountSid,
      conversation_id: conversation.id,
      to_address: formatAddress(request.to),
      from_address: sender.from ? formatAddress(sender.from) : null,
      messaging_service_sid: sender.messagingServiceSid ?? null,
      content: JSON.stringify(request.content),
      content_hash: contentHash,
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
      ...startOf({ now, sendAt, expiresAt, hold: mustWait && request.outsideWindow === 'hold' }),
    };
    const stored = await trx
      .insertInto('outbound_messages')
      .values(row)
      .onConflict((conflict) => conflict.columns(['connection_id', 'idempotency_key']).doNothing())
      .returningAll()
      .executeTakeFirst();
    if (stored === undefined) return (await this.repeated(trx, connection, request, contentHash))!;
    await this.journal.begin(trx, stored);
    return stored;
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
    connection: Connection,
    { idempotencyKey }: OutboundRequest,
    contentHash: string,
  ): Promise<OutboundRow | undefined> {
    if (idempotencyKey === undefined) return undefined;
    const earlier = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('connection_id', '=', connection.id)
      .where('idempotency_key', '=', idempotencyKey)
      .executeTakeFirst();
    if (earlier !== undefined && earlier.content_hash !== contentHash) throw new IdempotencyConflictError(earlier.id);
    return earlier;
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

interface Route {
  readonly sender: Sender;
  readonly conversation: ConversationRow;
}

interface Start {
  readonly status: OutboundStatus;
  readonly due_at: number | null;
  readonly waiting: WaitingReason | null;
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
