import type { Connection } from '../connections/connection';

/** What the guard leaves on a request that Twilio signed. */
export interface VerifiedWebhook {
  readonly connection: Connection;
  /** The form parameters, or those of the query for a GET. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly idempotencyToken?: string;
}

const VERIFIED = Symbol.for('nestjs-whatsapp-twilio/verified-webhook');

export function keepVerified(request: object, webhook: VerifiedWebhook): void {
  (request as Record<symbol, unknown>)[VERIFIED] = webhook;
}

/** The webhook that `TwilioSignatureGuard` verified. */
export function verifiedWebhook(request: object): VerifiedWebhook {
  const webhook = (request as Record<symbol, VerifiedWebhook | undefined>)[VERIFIED];
  if (webhook === undefined) throw new Error('This route needs @UseGuards(TwilioSignatureGuard).');
  return webhook;
}
