import { isRecord } from './json';

/** The statuses that Twilio gives a message; see https://www.twilio.com/docs/messaging/api/message-resource. */
export type TwilioMessageStatus =
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
  | 'receiving'
  | 'received'
  | 'partially_delivered';

export type TwilioMessageDirection = 'inbound' | 'outbound-api' | 'outbound-call' | 'outbound-reply';

/** A text that is one of `Known` today and may be another one tomorrow. */
type Open<Known extends string> = Known | (string & Record<never, never>);

/** A message as Twilio keeps it; see https://www.twilio.com/docs/messaging/api/message-resource. */
export interface MessageResource {
  /** `SM…` or `MM…`. */
  readonly sid: string;
  readonly accountSid: string | null;
  readonly messagingServiceSid: string | null;
  /** As Twilio writes it, also one that is not known yet. */
  readonly status: Open<TwilioMessageStatus> | null;
  readonly direction: Open<TwilioMessageDirection> | null;
  /** With its prefix (`whatsapp:+15551234567`); null while a Messaging Service has not picked a sender. */
  readonly from: string | null;
  readonly to: string | null;
  readonly body: string | null;
  readonly numMedia: number;
  readonly numSegments: number;
  /** A decimal text such as `-0.00750`; null until the message is billed. */
  readonly price: string | null;
  readonly priceUnit: string | null;
  readonly errorCode: number | null;
  readonly errorMessage: string | null;
  readonly dateCreated: Date | null;
  readonly dateUpdated: Date | null;
  /** Null until the message is sent. */
  readonly dateSent: Date | null;
}

/** An account, without the auth token that Twilio sends along; see https://www.twilio.com/docs/iam/api/account. */
export interface AccountResource {
  readonly sid: string;
  readonly status: Open<'active' | 'suspended' | 'closed'> | null;
  readonly type: Open<'Trial' | 'Full'> | null;
  readonly friendlyName: string | null;
  /** The parent's SID; equal to `sid` unless this is a subaccount. */
  readonly ownerAccountSid: string | null;
}

/** One page of a list of messages. */
export interface MessagePage {
  readonly messages: readonly MessageResource[];
  /** Relative to the host, as a rule. */
  readonly nextPageUri: string | null;
}

/** Twilio's have 32 hex digits; those of a stand-in may be shorter. All are safe in a path. */
export const messageSidPattern = /^(SM|MM)[0-9A-Za-z]{1,62}$/;
export const accountSidPattern = /^AC[0-9a-fA-F]{32}$/;

/** Reads what Twilio answered; `undefined` if it has no message SID. A field of another type than promised is null. */
export function readMessageResource(json: unknown): MessageResource | undefined {
  const sid = textOf(json, 'sid');
  if (sid === null || !messageSidPattern.test(sid)) return undefined;
  return {
    sid,
    accountSid: textOf(json, 'account_sid'),
    messagingServiceSid: textOf(json, 'messaging_service_sid'),
    status: textOf(json, 'status'),
    direction: textOf(json, 'direction'),
    from: textOf(json, 'from'),
    to: textOf(json, 'to'),
    body: textOf(json, 'body'),
    numMedia: wholeOf(json, 'num_media') ?? 0,
    numSegments: wholeOf(json, 'num_segments') ?? 0,
    price: textOf(json, 'price'),
    priceUnit: textOf(json, 'price_unit'),
    errorCode: wholeOf(json, 'error_code'),
    errorMessage: textOf(json, 'error_message'),
    dateCreated: dateOf(json, 'date_created'),
    dateUpdated: dateOf(json, 'date_updated'),
    dateSent: dateOf(json, 'date_sent'),
  };
}

/** Reads one page; `undefined` unless it is a list in which every entry is a message. */
export function readMessagePage(json: unknown): MessagePage | undefined {
  const entries = fieldOf(json, 'messages');
  if (!Array.isArray(entries)) return undefined;
  const messages = entries.map(readMessageResource).filter((message) => message !== undefined);
  if (messages.length < entries.length) return undefined;
  return { messages, nextPageUri: textOf(json, 'next_page_uri') || null };
}

/** Reads an account; `undefined` if it has no account SID. */
export function readAccountResource(json: unknown): AccountResource | undefined {
  const sid = textOf(json, 'sid');
  if (sid === null || !accountSidPattern.test(sid)) return undefined;
  return {
    sid,
    status: textOf(json, 'status'),
    type: textOf(json, 'type'),
    friendlyName: textOf(json, 'friendly_name'),
    ownerAccountSid: textOf(json, 'owner_account_sid'),
  };
}

function fieldOf(json: unknown, name: string): unknown {
  return isRecord(json) ? json[name] : undefined;
}

function textOf(json: unknown, name: string): string | null {
  const value = fieldOf(json, name);
  return typeof value === 'string' ? value : null;
}

/** Twilio writes counts as texts and error codes as numbers; either is read. */
function wholeOf(json: unknown, name: string): number | null {
  const value = fieldOf(json, name);
  const number = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
}

/** RFC 2822, as this version of the API writes it (`Thu, 24 Aug 2023 05:01:45 +0000`). */
function dateOf(json: unknown, name: string): Date | null {
  const text = textOf(json, name);
  const time = text === null || text.length > 64 ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? null : new Date(time);
}
