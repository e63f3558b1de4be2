import type { FastifyRequest } from 'fastify';
import { type VerifiedWebhook, verifiedWebhookOf } from '../../whatsapp-twilio/inbound/verified-webhook';
import { isStatusCallback } from '../../whatsapp-twilio/inbound/webhook-parties';

/** What is known of a webhook. */
export interface WebhookFacts {
  /** By what it brings; of one that was refused, by where it went. */
  readonly kind: 'message' | 'status';
  /** What Twilio signed. */
  readonly verified?: VerifiedWebhook;
}

/** `undefined` for a request that is no webhook. */
export function webhookFactsOf(request: FastifyRequest): WebhookFacts | undefined {
  const route = request.routeOptions.url ?? '';
  if (!route.startsWith('/webhooks/')) return undefined;
  const verified = verifiedWebhookOf(request);
  const isStatus = verified === undefined ? route.endsWith('/status') : isStatusCallback(verified.params);
  return { kind: isStatus ? 'status' : 'message', ...(verified && { verified }) };
}
