import type { ReceivedMessage } from '../inbound/inbound-messages.service';
import type { StatusUpdate } from '../delivery/status-update';
import type { EventType } from '../storage/schema';

export type { EventType } from '../storage/schema';

/** What can happen. */
export const eventTypes = ['message.received', 'message.status'] as const satisfies readonly EventType[];

interface EventBase {
  /** Ours, a UUIDv7: the same however often and wherever the event is given out. */
  readonly id: string;
  readonly connectionId: string;
  readonly conversationId: string;
  /** When we learnt of it. */
  readonly at: Date;
}

/** A user's message was stored. */
export interface MessageReceivedEvent extends EventBase {
  readonly type: 'message.received';
  readonly data: ReceivedMessage;
}

/** An outbound message has moved on. */
export interface MessageStatusEvent extends EventBase {
  readonly type: 'message.status';
  readonly data: StatusUpdate;
}

/** Something that happened, told apart by `type`. */
export type WhatsappEvent = MessageReceivedEvent | MessageStatusEvent;

/** An event before what it is about was looked up: enough to tell whether it is wanted. */
export interface EventHead {
  readonly type: EventType;
  readonly connectionId: string;
  /** Of a status change. */
  readonly status?: string;
}

/** Somebody outside who is told of events: at least once each, in order within a conversation. */
export interface EventSubscriber {
  /** Names it in the storage, so it has to stay the same: 1 to 64 letters, digits, `.`, `_` or `-`. */
  readonly name: string;
  /** Whether it is told of such events; of all, unless given. */
  wants?(event: EventHead): boolean;
  /**
   * Hands the event over. What it throws is tried again with growing delays, for a day, unless it says
   * `retryable: false`; then there is a dead letter.
   */
  deliver(event: WhatsappEvent): Promise<void>;
}
