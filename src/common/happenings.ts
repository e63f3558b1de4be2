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

/**
 * Told to whoever listens in this process, after it happened: Node's own way for libraries to be watched, which costs
 * nothing while nobody does.
 *
 * @example
 * import { subscribe } from 'node:diagnostics_channel';
 * subscribe('nestjs-whatsapp-twilio:send', (send) => …);
 */
export const sendChannel = channel('nestjs-whatsapp-twilio:send');
