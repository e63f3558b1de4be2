import { channel } from 'node:diagnostics_channel';

/** What became of one request to send a message. */
export interface SendHappening {
  readonly messageId: string;
  readonly connectionId: string;
  /** Twilio's, if it took the message. */
  readonly sid?: string;
  readonly result: 'accepted' | 'retry' | 'failed' | 'unknown';
  /** Twilio's error code, or ours. */
  readonly code?: number | string;
  readonly durationMs: number;
}

/** A handler is done with a message or a status, or has failed at it. */
export interface HandlerHappening {
  readonly kind: 'message' | 'status';
  readonly handler: string;
  readonly connectionId: string;
  /** `retry`: it is tried again. `dead`: it is not. */
  readonly result: 'done' | 'retry' | 'dead';
  /** Of the message that came in, Twilio's; of the message that moved on, if there is one. */
  readonly sid?: string;
  /** Of the message that moved on, ours. */
  readonly messageId?: string;
  /** Of the reply that was queued, ours. */
  readonly replyId?: string;
}

/**
 * Told to whoever listens in this process, after it happened: Node's own way for libraries to be watched, which costs
 * nothing while nobody does.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe('nestjs-whatsapp-twilio:send', (send) => …);
 */
export const sendChannel = channel('nestjs-whatsapp-twilio:send');

/** As `sendChannel`, of handlers. */
export const handlerChannel = channel('nestjs-whatsapp-twilio:handler');

export function tellOfHandler(happening: HandlerHappening): void {
  if (handlerChannel.hasSubscribers) handlerChannel.publish(happening);
}
