/** A WhatsApp user: what WhatsApp and Twilio know of the person behind a phone. */
export interface User {
  /** The number (`+15551230001`), or the business-scoped id of a user who hides it. */
  readonly id: string;
  readonly number?: string;
  /** The business-scoped user id, sent as `ExternalUserId`. */
  bsuid?: string;
  profileName: string | undefined;
  /** Whether the number has WhatsApp at all; messages to one that has not fail (63024). */
  onWhatsapp: boolean;
  /** Whether messages reach the phone. One that is offline gets them once it is back. */
  online: boolean;
  /** Whether the chat is open on the screen, so that what arrives is read. */
  open: boolean;
  /** Whether the user lets others see that a message was read. */
  readReceipts: boolean;
  /** By the sender's address (`whatsapp:+…`). */
  readonly chats: Map<string, Chat>;
}

/** What is between a user and one sender. */
export interface Chat {
  /** When the user last wrote to the sender: the 24-hour window counts from here. */
  lastWroteAt: number | undefined;
  /** Whether Twilio refuses messages to the user (21610). */
  optedOut: boolean;
  /** Whether the user blocked the sender: messages then stay `sent`, and nobody is told why. */
  blocked: boolean;
  /** The sandbox that the user joined, and until when. */
  sandbox: { readonly accountSid: string; readonly until: number } | undefined;
  /** When the sender last sent, and when TwiML last replied. */
  sentAt: number | undefined;
  repliedAt: number[];
}

const CUSTOMER_SERVICE_WINDOW_MS = 24 * 3_600_000;

export function chatOf(user: User, sender: string): Chat {
  let chat = user.chats.get(sender);
  if (!chat) {
    chat = {
      lastWroteAt: undefined,
      optedOut: false,
      blocked: false,
      sandbox: undefined,
      sentAt: undefined,
      repliedAt: [],
    };
    user.chats.set(sender, chat);
  }
  return chat;
}

/** When the window closes; `undefined` if the user never wrote to the sender. */
export function windowClosesAt(user: User, sender: string): number | undefined {
  const wroteAt = user.chats.get(sender)?.lastWroteAt;
  return wroteAt === undefined ? undefined : wroteAt + CUSTOMER_SERVICE_WINDOW_MS;
}

/** @see https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-or-customer-service-window */
export function windowIsOpen(user: User, sender: string, now: number): boolean {
  return now < (windowClosesAt(user, sender) ?? Number.NEGATIVE_INFINITY);
}

/** `whatsapp:` and the number or id: how Twilio addresses the user. */
export function addressOf(user: User): string {
  return `whatsapp:${user.number ?? user.id}`;
}
