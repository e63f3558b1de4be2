/**
 * Every status of an outbound message, each standing above those before it. A message's status is the highest of all
 * that was ever learnt of it, so callbacks may come late, twice or in any order.
 *
 * Evidence of arrival stands above every failure: what the user got or read did not fail, whichever report came first.
 *
 * @see https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
 */
export const outboundStatuses = [
  /** Waits for its `sendAt`. */
  'scheduled',
  /** Waits for the user to write, because the 24-hour window is closed. */
  'held',
  /** Durably stored, waits for its turn. */
  'queued',
  /** Being handed to Twilio. */
  'sending',
  /** Twilio may or may not have taken it; being reconciled. */
  'unknown',
  /** Twilio took it and gave a SID. */
  'accepted',
  /** WhatsApp took it. */
  'sent',
  /** Taken back before it was sent. */
  'canceled',
  /** Its time ran out before it was sent. */
  'expired',
  /** Refused by us or by Twilio, or lost on the way. */
  'failed',
  /** WhatsApp could not deliver it. */
  'undelivered',
  /** On the user's device. */
  'delivered',
  /** Seen by the user, where read receipts are on. */
  'read',
] as const;

export type OutboundStatus = (typeof outboundStatuses)[number];

/**
 * The statuses after which nothing more is expected. `delivered` is not one: `read` may follow, and never comes when
 * the user has turned read receipts off.
 */
export const finalStatuses = [
  'canceled',
  'expired',
  'failed',
  'undelivered',
  'read',
] as const satisfies readonly OutboundStatus[];

const ranks: ReadonlyMap<OutboundStatus, number> = new Map(outboundStatuses.map((status, rank) => [status, rank]));
const final: ReadonlySet<OutboundStatus> = new Set(finalStatuses);

export function isFinal(status: OutboundStatus): boolean {
  return final.has(status);
}

/**
 * The status after a report: the higher of the two, which makes the order and the repetition of reports irrelevant.
 *
 * It is for what Twilio reports and for outcomes. Moves back among the waiting statuses, such as `sending` to `queued`
 * after a 429, are not reports, and are made by the outbox alone while it holds the message.
 */
export function mergeStatus(current: OutboundStatus, next: OutboundStatus): OutboundStatus {
  return ranks.get(next)! > ranks.get(current)! ? next : current;
}

/**
 * Twilio's words in ours. Once Twilio has a message, its own queueing is all `accepted` to us. `partially_delivered` is
 * deprecated and proves no arrival, so it counts as `sent`. The inbound statuses `receiving` and `received` have no
 * place here.
 */
const twilioStatuses: ReadonlyMap<string, OutboundStatus> = new Map<string, OutboundStatus>([
  ['accepted', 'accepted'],
  ['scheduled', 'accepted'],
  ['queued', 'accepted'],
  ['sending', 'accepted'],
  ['sent', 'sent'],
  ['partially_delivered', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['canceled', 'canceled'],
  ['failed', 'failed'],
  ['undelivered', 'undelivered'],
]);

/**
 * Our status for Twilio's `MessageStatus` (any case); `undefined` for a word that is not known.
 *
 * @see https://www.twilio.com/docs/messaging/api/message-resource#message-status-values
 */
export function fromTwilioStatus(text: string): OutboundStatus | undefined {
  return twilioStatuses.get(text.toLowerCase());
}
