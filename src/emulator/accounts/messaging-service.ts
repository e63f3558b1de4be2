import type { WebhookMethod } from './sender';

/** @see https://www.twilio.com/docs/messaging/api/service-resource */
export interface MessagingService {
  /** `MG…` */
  readonly sid: string;
  readonly createdAt: number;
  updatedAt: number;
  friendlyName: string;
  /** The addresses of its senders, in the order they were added. */
  readonly pool: string[];
  /** Takes the inbound messages of its senders; `null` means that nobody does. */
  inboundRequestUrl: string | null;
  inboundMethod: WebhookMethod;
  fallbackUrl: string | null;
  fallbackMethod: WebhookMethod;
  /** Takes the status callbacks of messages that name no `StatusCallback` of their own. */
  statusCallback: string | null;
  /** How long its messages may wait to be sent, in seconds, unless they say so themselves. */
  validityPeriod: number;
  /** Whether inbound messages go to the sender's own webhook instead. */
  useInboundWebhookOnNumber: boolean;
  /** Whether STOP, START and HELP are handled before the application sees them. */
  advancedOptOut: boolean;
}
