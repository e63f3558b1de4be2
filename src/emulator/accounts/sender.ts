/** Where a WhatsApp sender's webhooks go, as configured in Twilio's Console or through the Senders API. */
export interface SenderWebhook {
  /** Takes inbound messages. */
  readonly url: string;
  /** Default `POST`. */
  readonly method?: WebhookMethod;
  /** Is tried once when `url` fails. */
  readonly fallbackUrl?: string;
  /** Default `POST`. */
  readonly fallbackMethod?: WebhookMethod;
  /** Takes the status callbacks of messages that name no `StatusCallback` of their own. */
  readonly statusCallback?: string;
}

export type WebhookMethod = 'GET' | 'POST';

/** @see https://www.twilio.com/docs/whatsapp/api/senders */
export type SenderStatus = 'CREATING' | 'ONLINE' | 'OFFLINE' | 'PENDING_VERIFICATION' | 'VERIFYING' | 'ONLINE:UPDATING';

/** A WhatsApp sender of an account. */
export interface Sender {
  /** `XE…`, also the SID of its channel installation. */
  readonly sid: string;
  /** `whatsapp:+15550006789` */
  readonly address: string;
  status: SenderStatus;
  webhook: Partial<SenderWebhook>;
  /** What the Senders API keeps about it as it was given: `profile` and `configuration`. */
  profile: Readonly<Record<string, unknown>>;
  configuration: Readonly<Record<string, unknown>>;
  /** Twilio's shared number, which users have to join with this code. */
  readonly sandbox?: { readonly code: string };
}

/** @throws RangeError for what is no WhatsApp sender. */
export function checkSender(address: string): void {
  if (!/^whatsapp:\+[1-9]\d{6,14}$/.test(address)) {
    throw new RangeError(`Not a WhatsApp sender: ${JSON.stringify(address)}. Write it as whatsapp:+15550006789.`);
  }
}
