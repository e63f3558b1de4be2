import type { Address } from './address';
import type { LocationContent, OutboundContent, TemplateContent, TextContent } from './outbound-content';

/** Replies go before bulk; bulk is never starved. */
export const outboundPriorities = ['conversation', 'bulk'] as const;
export type OutboundPriority = (typeof outboundPriorities)[number];

/** What to do with content that WhatsApp refuses while the 24-hour window is closed. */
export const outsideWindowPolicies = ['send', 'hold', 'reject'] as const;
export type OutsideWindowPolicy = (typeof outsideWindowPolicies)[number];

/** Whom a message goes to and how. */
export interface OutboundEnvelope {
  /** A phone number in E.164 or a business-scoped user id, with or without `whatsapp:`. */
  readonly to: string | Address;
  /** The WhatsApp number to send from; the connection's own if left out. */
  readonly from?: string | Address;
  readonly connectionId?: string;
  /** Makes a repeated send return the first one's message: 1 to 255 printable ASCII characters. */
  readonly idempotencyKey?: string;
  /** `conversation` if left out. */
  readonly priority?: OutboundPriority;
  /** Not before this time: a date, or text in ISO 8601 with its offset. */
  readonly sendAt?: Date | string;
  /** Seconds, 1 to 36000, after which an unsent message is given up. */
  readonly expiresInSeconds?: number;
  readonly outsideWindow?: OutsideWindowPolicy;
  /** Kept with the message and never sent: up to 50 names of up to 100 characters with values of up to 500. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What a caller hands in. Everything in it is checked, also what the compiler has seen. */
export type OutboundMessageInput = OutboundContent & OutboundEnvelope;

/** Content in its one form: media is always a list. It is an `OutboundContent` too. */
export type NormalizedContent =
  | TextContent
  | { readonly media: readonly string[]; readonly text?: string }
  | TemplateContent
  | LocationContent;

/** A checked message, deeply frozen (but for `sendAt`, since a date cannot be). */
export interface OutboundRequest extends Omit<OutboundEnvelope, 'to' | 'from' | 'priority' | 'sendAt'> {
  readonly to: Address;
  readonly from?: Address;
  readonly content: NormalizedContent;
  readonly priority: OutboundPriority;
  readonly sendAt?: Date;
}
