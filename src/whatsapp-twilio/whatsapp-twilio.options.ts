import type { EventSubscriber } from './events/event';
import type { ConnectionProviderSource } from './connections/connection-provider';

/** An API key for REST calls in place of the auth token. It never signs webhooks, so `authToken` stays needed. */
export interface TwilioApiKey {
  readonly sid: string;
  readonly secret: string;
}

/** How handlers are run. Every field has a default. */
export interface HandlerOptions {
  /** Messages handled at the same time, each of another conversation. Default 20. */
  readonly concurrency?: number;
  /** A handler that takes longer counts as failed and is tried again, in milliseconds. Default 120000. */
  readonly timeoutMs?: number;
  /** Tries, the first included, before a message becomes a dead letter. Default 8. */
  readonly maxAttempts?: number;
  /** Wait before the second try, in milliseconds; it doubles with each further one, up to ten minutes. Default 1000. */
  readonly retryDelayMs?: number;
}

/** What happens when Twilio's answer to a send never came. Every field has a default. */
export interface ReconciliationOptions {
  /** A message that Twilio's list does not show after this many milliseconds was not taken, and is sent again. Default
   * 15000. */
  readonly settleAfterMs?: number;
  /** When it cannot be settled for this long, in milliseconds, the message is left `unknown` for a person to judge.
   * Default 900000. */
  readonly giveUpAfterMs?: number;
}

/** How long what was written is kept. Identifiers, statuses and the history stay. */
export interface RetentionOptions {
  /** Days, 1 to 3650, after which texts, media addresses, raw parameters and metadata are erased from messages that
   * nothing is left to do for. Kept for ever unless given (WHATSAPP_RETENTION_DAYS). */
  readonly contentDays?: number;
}

/** What is told to those outside of the app. */
export interface EventOptions {
  /** Keeps a log of messages that came in and of status changes for a week, for `EventReader`. Default false. */
  readonly log?: boolean;
  /** Who is told of them: at least once each, in order within a conversation. */
  readonly subscribers?: readonly EventSubscriber[];
}

/** The words by which a user opts out of messages and in again, when they are the whole text. Any case. */
export interface OptOutOptions {
  /** Default STOP, STOPALL, UNSUBSCRIBE, END, QUIT, CANCEL, REVOKE, OPTOUT; an empty list for none. */
  readonly stop?: readonly string[];
  /** Default START, YES, UNSTOP. */
  readonly start?: readonly string[];
}

/** How the tokens of stored connections are rotated. Every field has a default. */
export interface RotationOptions {
  /** How long a new token is known before Twilio is asked to sign with it, in milliseconds. Default 5000. */
  readonly promoteAfterMs?: number;
  /**
   * How long the old token is accepted at least after that, in milliseconds, unless a rotation says otherwise. Default
   * 3600000. It is retired once a webhook came that was signed with the new one, or a day later.
   */
  readonly overlapMs?: number;
}

/** Options of `WhatsappTwilioModule.forRoot()`. The environment variable of each is in parentheses. */
export interface WhatsappTwilioModuleOptions {
  /** The account that owns the sender, `AC…` (TWILIO_ACCOUNT_SID). */
  readonly accountSid: string;
  /** The first signs webhooks and, without an API key, authenticates REST calls; the others are also accepted on
   * webhooks while tokens are rotated (TWILIO_AUTH_TOKEN, TWILIO_AUTH_TOKEN_SECONDARY). */
  readonly authToken: string | readonly string[];
  /** (TWILIO_API_KEY_SID, TWILIO_API_KEY_SECRET) */
  readonly apiKey?: TwilioApiKey;
  /** The sender, `whatsapp:+15551234567` (WHATSAPP_FROM_NUMBER). */
  readonly fromNumber?: string;
  /** `MG…`, chooses the sender when a message names none (TWILIO_MESSAGING_SERVICE_SID). */
  readonly messagingServiceSid?: string;
  /** Where Twilio reaches this app, without the webhook's path. The first is used for status callbacks; signatures are
   * checked against all. Without it signatures are checked against the request's own URL (PUBLIC_URL). */
  readonly publicUrl?: string | readonly string[];
  /** Default `sqlite::memory:`, which forgets everything at exit (DATABASE_URL). */
  readonly storage?: {
    readonly url: string;
    /** A file that takes webhooks while PostgreSQL cannot be reached; one for each process. Without it they are answered
     * with 503 (SPOOL_PATH). */
    readonly spoolPath?: string;
  };
  /** Sends a minute for one Twilio account. Default 200 (WHATSAPP_RATE_LIMIT_RPM). */
  readonly rateLimit?: { readonly rpm: number };
  /** One origin for all of Twilio's hosts, for a local Twilio (TWILIO_API_BASE_URL). */
  readonly apiBaseUrl?: string;
  /** The id of this configured connection. Default `default`; give each its own where one app has several. */
  readonly connectionId?: string;
  readonly handlers?: HandlerOptions;
  readonly reconciliation?: ReconciliationOptions;
  readonly retention?: RetentionOptions;
  readonly events?: EventOptions;
  readonly optOut?: OptOutOptions;
  /** Keys for the secrets of stored connections, each `id:` and the base64 of 32 bytes. The first encrypts, all decrypt
   * (ENCRYPTION_KEYS). */
  readonly encryptionKeys?: string | readonly string[];
  readonly rotation?: RotationOptions;
}

/** What stands beside the options in `forRoot()` and `forRootAsync()`, and has to be known before any of them. */
export interface WhatsappTwilioModuleExtras {
  /** Makes the exported providers visible everywhere. Default false. */
  readonly isGlobal?: boolean;
  /** Where the webhooks are mounted, below the app's global prefix; `false` mounts no controller. */
  readonly path?: string | false;
  /** Gives the connections that the host keeps itself: a class, an instance, or `{ inject, useFactory }`. */
  readonly connections?: ConnectionProviderSource;
  /** Put on the webhook controller: the host's `@Public()`, `@SkipThrottle()`, … */
  readonly decorators?: readonly (ClassDecorator | MethodDecorator | PropertyDecorator)[];
}

export const defaultWebhookPath = 'webhooks/whatsapp/twilio';

/** A class for `useClass` or `useExisting`. */
export interface WhatsappTwilioOptionsFactory {
  createWhatsappTwilioOptions(): WhatsappTwilioModuleOptions | Promise<WhatsappTwilioModuleOptions>;
}
