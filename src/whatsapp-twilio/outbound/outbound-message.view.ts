import { type Address, readAddress } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { OutboundContent } from '../messages/outbound-content';
import type { EventSource, MessageEventRow, OutboundRow } from '../storage/schema';
import type { MessageError } from '../twilio/error-catalogue';
import type { WaitingReason } from '../delivery/message-journal';

/** Why a message has not been sent yet. */
export interface Waiting {
  /**
   * `rate-limit`: the account's minute is used up. `order`: an earlier message of the conversation goes first. `window`:
   * the user has to write. `retry`: the last try failed. `schedule`: its `sendAt`. `reconcile`: Twilio is being asked
   * whether it was taken.
   */
  readonly reason: WaitingReason;
  /** The earliest time at which it goes on, where that is known. */
  readonly until?: Date;
}

/** A message on its way to a WhatsApp user. */
export interface OutboundMessage {
  /** Ours, a UUIDv7. */
  readonly id: string;
  /** Twilio's, once it took the message. */
  readonly sid?: string;
  readonly connectionId: string;
  readonly conversationId: string;
  readonly to: Address;
  /** The sender; absent while a messaging service has not chosen one. */
  readonly from?: Address;
  /** Absent once it was erased (`retention.contentDays`); `metadata` is empty then. */
  readonly content?: OutboundContent;
  readonly status: OutboundStatus;
  /** Why it failed, or why the last try did. */
  readonly error?: MessageError;
  readonly priority: 'conversation' | 'bulk';
  readonly idempotencyKey?: string;
  readonly metadata: Readonly<Record<string, string>>;
  readonly sendAt?: Date;
  readonly expiresAt?: Date;
  /** Why it has not been sent yet, and until when at the earliest. */
  readonly waiting?: Waiting;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** One thing that happened to a message. */
export interface MessageEvent {
  readonly status: OutboundStatus;
  /** Who said so: this package, Twilio's answer to a request, or a status callback. */
  readonly source: EventSource;
  readonly error?: MessageError;
  readonly at: Date;
}

export interface OutboundMessageWithHistory extends OutboundMessage {
  /** In the order we learnt of them, which need not be the order they happened in. */
  readonly history: readonly MessageEvent[];
}

/** @param waiting Why it waits, if that is not written in the row. */
export function toOutboundMessage(row: OutboundRow, waiting = storedWaiting(row)): OutboundMessage {
  const sendAt = date(row.send_at);
  const expiresAt = date(row.expires_at);
  return {
    id: row.id,
    ...(row.twilio_sid !== null && { sid: row.twilio_sid }),
    connectionId: row.connection_id,
    conversationId: row.conversation_id,
    to: readAddress(row.to_address),
    ...(row.from_address !== null && { from: readAddress(row.from_address) }),
    ...(row.erased_at === null && { content: JSON.parse(row.content) as OutboundContent }),
    status: row.status as OutboundStatus,
    ...(row.error !== null && { error: JSON.parse(row.error) as MessageError }),
    priority: row.priority,
    ...(row.idempotency_key !== null && { idempotencyKey: row.idempotency_key }),
    metadata: JSON.parse(row.metadata) as Record<string, string>,
    ...(sendAt && { sendAt }),
    ...(expiresAt && { expiresAt }),
    ...(waiting && { waiting }),
    createdAt: new Date(row.created_at),
    updatedAt: new Date(row.updated_at),
  };
}

function storedWaiting({ waiting, due_at }: OutboundRow): Waiting | undefined {
  if (waiting === null) return undefined;
  const until = date(due_at);
  return { reason: waiting as WaitingReason, ...(until && waiting !== 'window' && { until }) };
}

function date(time: number | null): Date | undefined {
  return time === null ? undefined : new Date(time);
}

export function toMessageEvent(row: MessageEventRow): MessageEvent {
  return {
    status: row.status as OutboundStatus,
    source: row.source,
    ...(row.error !== null && { error: JSON.parse(row.error) as MessageError }),
    at: new Date(row.at),
  };
}
