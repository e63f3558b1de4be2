import { CodedError } from '../../common/coded-error';
import type { OutboundStatus } from '../messages/message-status';
import type { EventType } from '../storage/schema';

interface DeadLetterBase {
  /** Names it for `get()` and `replay()`. */
  readonly id: string;
  readonly connectionId: string;
  readonly conversationId: string;
  /** Twilio's SID of the message, where it has one. */
  readonly messageSid?: string;
  /** The handlers that succeeded; a replay does not run them again. */
  readonly handlersDone: readonly string[];
  /** Why the last try failed: a line for each handler. Absent once it was erased (`retention.contentDays`). */
  readonly failure?: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** When we learnt of it. */
  readonly receivedAt: Date;
  /** When it was given up. */
  readonly deadAt: Date;
}

/** A user's message that handlers could not handle. */
export interface DeadMessage extends DeadLetterBase {
  readonly kind: 'message';
}

/** A status update of an outbound message that handlers could not handle. */
export interface DeadStatus extends DeadLetterBase {
  readonly kind: 'status';
  /** Our id of the outbound message. */
  readonly messageId: string;
  readonly status: OutboundStatus;
}

/** An event that a subscriber would not take (`events.subscribers`). */
export interface DeadEvent extends DeadLetterBase {
  readonly kind: 'event';
  /** The subscriber's name. */
  readonly subscriber: string;
  readonly eventId: string;
  readonly eventType: EventType;
}

/** What could not be handled until the tries ran out. It says what it was about, never what was written. */
export type DeadLetter = DeadMessage | DeadStatus | DeadEvent;

export interface DeadLetterPage {
  /** Those given up last come first. */
  readonly deadLetters: readonly DeadLetter[];
  /** For the next page; absent on the last. */
  readonly nextCursor?: string;
}

/** Why a dead letter could not be given or replayed; told apart by `code`. */
export abstract class DeadLetterError extends CodedError {}

/** There is none with this id, or it was replayed in the meantime. */
export class DeadLetterNotFoundError extends DeadLetterError {
  readonly code = 'DEAD_LETTER_NOT_FOUND';

  constructor() {
    super('There is no dead letter with this id. It may have been replayed already.');
  }
}

/** What the message said is gone, and handlers would be given an empty one. */
export class DeadLetterErasedError extends DeadLetterError {
  readonly code = 'DEAD_LETTER_ERASED';

  constructor() {
    super('The content of this message was erased after retention.contentDays; it can no longer be handled.');
  }
}
