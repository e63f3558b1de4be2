import type { Address } from './address';

/** What a message handler learns about the conversation its message belongs to. */
export interface Conversation {
  readonly id: string;
  readonly connectionId: string;
  /** Where a reply goes. */
  readonly user: Address;
  /** The user's business-scoped id, where Twilio sends one. */
  readonly userId?: string;
  /** The number of ours that the user wrote to. */
  readonly sender?: Address;
  readonly lastInboundAt?: Date;
  /** Until when anything but a template may be sent. */
  readonly windowExpiresAt?: Date;
}

/** Milliseconds after a user's message in which WhatsApp lets a business answer freely. */
export const CUSTOMER_SERVICE_WINDOW_MS = 24 * 60 * 60 * 1000;

export interface CustomerServiceWindow {
  readonly open: boolean;
  /** Milliseconds since 1970; absent when the user has never written. */
  readonly expiresAt?: number;
}

/**
 * Whether free-form content may be sent at `now` (both in milliseconds since 1970). The window is closed at the very
 * millisecond it expires.
 *
 * @see https://www.twilio.com/docs/whatsapp/key-concepts
 */
export function customerServiceWindow(lastInboundAt: number | undefined, now: number): CustomerServiceWindow {
  if (lastInboundAt === undefined) return { open: false };
  const expiresAt = lastInboundAt + CUSTOMER_SERVICE_WINDOW_MS;
  return { open: now < expiresAt, expiresAt };
}
