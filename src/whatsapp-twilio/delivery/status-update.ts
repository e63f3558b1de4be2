import type { Address } from '../messages/address';
import type { OutboundStatus } from '../messages/message-status';
import type { MessageError } from '../twilio/error-catalogue';

/** What a status handler is told: an outbound message has moved on. */
export interface StatusUpdate {
  /** Our id of the message, as `send()` returned it. */
  readonly messageId: string;
  /** Twilio's, once there is one. */
  readonly sid?: string;
  readonly connectionId: string;
  readonly conversationId: string;
  readonly to: Address;
  readonly status: OutboundStatus;
  readonly previousStatus?: OutboundStatus;
  /** Why it failed, and what to do. */
  readonly error?: MessageError;
  /** As it was given to `send()`. */
  readonly metadata: Readonly<Record<string, string>>;
  /** When we learnt of it. */
  readonly at: Date;
}
