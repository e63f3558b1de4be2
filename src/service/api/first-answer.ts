import type { OutboundMessage, OutboundMessageWithHistory } from '../../whatsapp-twilio/outbound/outbound-message.view';

/**
 * The message as it was answered to the first request with its idempotency key: as stored, whatever has become of it
 * since. `GET` tells that.
 */
export function asFirstAnswered(message: OutboundMessageWithHistory): OutboundMessage {
  const { history, sid: _sid, error: _error, waiting: _waiting, ...rest } = message;
  const { sendAt, createdAt } = message;
  const status = history[0]?.status ?? message.status;
  const waiting =
    status === 'scheduled' && sendAt !== undefined
      ? { reason: 'schedule' as const, until: sendAt }
      : status === 'held'
        ? { reason: 'window' as const }
        : undefined;
  return { ...rest, status, ...(waiting && { waiting }), updatedAt: createdAt };
}
