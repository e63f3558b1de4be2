import { timingSafeEqual } from 'node:crypto';

export interface ApiKey {
  readonly sid: string;
  readonly secret: string;
}

/** Where a WhatsApp sender's webhooks go, as configured in Twilio's Console. */
export interface SenderWebhook {
  /** Takes inbound messages. */
  readonly url: string;
  /** Is tried once when `url` fails. */
  readonly fallbackUrl?: string;
  /** Takes the status callbacks of messages that name no `StatusCallback` of their own. */
  readonly statusCallback?: string;
}

/** One Twilio account with one WhatsApp sender. Only its current primary token signs webhooks. */
export class Account {
  authToken: string;
  status: 'active' | 'suspended' = 'active';
  webhook: SenderWebhook | undefined;

  constructor(
    readonly sid: string,
    authToken: string,
    /** `whatsapp:+15550006789` */
    readonly sender: string,
    readonly messagingServiceSid: string | undefined,
    /** The SID of the sender's WhatsApp installation (`XE…`). */
    readonly channelInstallSid: string,
    readonly createdAt: number,
    private readonly apiKeys: readonly ApiKey[],
  ) {
    this.authToken = authToken;
  }

  /** What an `Authorization` header proves: the account's own token, one of its API keys, or nothing. */
  identify(authorization: string | undefined): 'token' | 'key' | undefined {
    const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(authorization ?? '')?.[1];
    if (encoded === undefined) return undefined;
    const credentials = Buffer.from(encoded, 'base64').toString('utf8');
    if (equal(credentials, `${this.sid}:${this.authToken}`)) return 'token';
    return this.apiKeys.some((key) => equal(credentials, `${key.sid}:${key.secret}`)) ? 'key' : undefined;
  }
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
