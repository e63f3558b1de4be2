import type { Connection } from '../connections/connection';

/** What the guard leaves on a request that Twilio signed. */
export interface VerifiedWebhook {
  readonly connection: Connection;
  /** The form parameters, or those of the query for a GET. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly idempotencyToken?: string;
  /** Once it is committed. */
  outcome?: WebhookOutcome;
}

/** `repeat`: it had been stored before. `spooled`: it is in the spool, while the storage is away. */
export type WebhookOutcome = 'stored' | 'repeat' | 'spooled';

const VERIFIED = Symbol.for('nestjs-whatsapp-twilio/verified-webhook');

export function keepVerified(request: object, webhook: VerifiedWebhook): void {
  (request as Record<symbol, unknown>)[VERIFIED] = webhook;
}

/** The webhook that `TwilioSignatureGuard` verified. */
export function verifiedWebhook(request: object): VerifiedWebhook {
  const webhook = verifiedWebhookOf(request);
  if (webhook === undefined) throw new Error('This route needs @UseGuards(TwilioSignatureGuard).');
  return webhook;
}

/** As `verifiedWebhook()`; `undefined` if the guard let nothing through. */
export function verifiedWebhookOf(request: object): VerifiedWebhook | undefined {
  return (request as Record<symbol, VerifiedWebhook | undefined>)[VERIFIED];
}
