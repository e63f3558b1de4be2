/** A WhatsApp user: what WhatsApp and Twilio know of the person behind a phone. */
export interface User {
  /** The number (`+15551230001`), or the business-scoped id of a user who hides it. */
  readonly id: string;
  readonly number?: string;
  /** The business-scoped user id, sent as `ExternalUserId`. */
  bsuid?: string;
  profileName: string | undefined;
  /** Whether messages reach the phone. One that is offline gets them once it is back. */
  online: boolean;
  /** Whether the chat is open on the screen, so that what arrives is read. */
  open: boolean;
  /** Whether the user lets others see that a message was read. */
  readReceipts: boolean;
  /** When the user last wrote to the business: the 24-hour window counts from here. */
  lastWroteAt: number | undefined;
}

const CUSTOMER_SERVICE_WINDOW_MS = 24 * 3_600_000;

/** When the window closes; `undefined` if the user never wrote. */
export function windowClosesAt(user: User): number | undefined {
  return user.lastWroteAt === undefined ? undefined : user.lastWroteAt + CUSTOMER_SERVICE_WINDOW_MS;
}

/** @see https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-or-customer-service-window */
export function windowIsOpen(user: User, now: number): boolean {
  return user.lastWroteAt !== undefined && now - user.lastWroteAt < CUSTOMER_SERVICE_WINDOW_MS;
}

/** `whatsapp:` and the number or id: how Twilio addresses the user. */
export function addressOf(user: User): string {
  return `whatsapp:${user.number ?? user.id}`;
}
