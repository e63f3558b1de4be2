import type { User } from './phone/user';

/** @see https://www.twilio.com/docs/messaging/api/message-resource#message-status-values */
export type MessageStatus =
  | 'accepted'
  | 'scheduled'
  | 'queued'
  | 'sending'
  | 'sent'
  | 'delivered'
  | 'read'
  | 'undelivered'
  | 'failed'
  | 'canceled'
  | 'received';

/** A file of a message: bytes of the emulator's own, or a URL to fetch them from. */
export interface Media {
  readonly sid: string;
  readonly createdAt: number;
  contentType: string;
  /** The name of a document, as the phone shows it. */
  filename?: string;
  data?: Buffer;
  readonly url?: string;
}

export interface Place {
  readonly latitude: number;
  readonly longitude: number;
  readonly label?: string;
  readonly address?: string;
}

export interface Button {
  readonly title: string;
  readonly id: string;
  /** A link or telephone button opens something; only a `reply` comes back to the business. */
  readonly action: 'reply' | 'open';
}

export interface ListRow {
  readonly id: string;
  readonly title: string;
  readonly description?: string;
}

/** What a message shows on the phone beyond its text and files. */
export interface Extras {
  readonly place?: Place;
  readonly buttons?: readonly Button[];
  readonly rows?: readonly ListRow[];
  /** What opens the list. */
  readonly listButton?: string;
}

/** A message as Twilio and the phone both know it. Times are milliseconds since 1970. */
export interface Message {
  readonly sid: string;
  readonly accountSid: string;
  /** Counts up with every message that is made. */
  readonly ordinal: number;
  readonly direction: 'inbound' | 'outbound-api' | 'outbound-reply';
  /** The WhatsApp user at the other end. */
  readonly user: User;
  /** `null` until a Messaging Service has picked a sender. */
  from: string | null;
  readonly to: string;
  body: string;
  readonly media: Media[];
  readonly extras: Extras;
  status: MessageStatus;
  errorCode: number | null;
  readonly createdAt: number;
  updatedAt: number;
  sentAt: number | null;
  readonly messagingServiceSid: string | null;
  readonly statusCallback?: string;
  /** The TwiML application whose URL is called back where `statusCallback` is missing. */
  readonly applicationSid?: string;
  /** How long it may wait to be sent, in seconds from when it was due; an inbound one has none. */
  readonly validityPeriod?: number;
  /** When a scheduled message is due. */
  readonly sendAt?: number;
  readonly template?: { readonly contentSid: string; readonly variables: Readonly<Record<string, string>> };
  /** Whether it is from Twilio itself, for example the sandbox's welcome: no rule holds for it, and nobody is told of it. */
  readonly isNotice?: true;
  /** The SID of the message that this one quotes, or whose button was tapped. */
  readonly replyTo?: string;
  /** An inbound message's kind, as in the webhook's `MessageType`. */
  readonly messageType?: string;
  /** Whether the user forwarded it from elsewhere, and whether it has been forwarded many times. */
  readonly forwarded?: 'once' | 'frequently';
  /** What became of an inbound message: the application took it, did not take it, or has read it. */
  reception?: 'taken' | 'refused' | 'read';
  /** What the application said of the outcome. */
  feedback?: 'confirmed' | 'unconfirmed';
}

/** What Twilio lets a message wait for at most: 10 hours, in seconds. */
export const LONGEST_VALIDITY_S = 36_000;

const FINAL: ReadonlySet<MessageStatus> = new Set(['read', 'failed', 'undelivered', 'canceled', 'received']);

/** Whether nothing more will happen to the message. */
export function isFinal(status: MessageStatus): boolean {
  return FINAL.has(status);
}
