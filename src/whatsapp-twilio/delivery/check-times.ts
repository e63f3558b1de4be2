import type { OutboundStatus } from '../messages/message-status';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** So long after the last report Twilio is asked what became of a message, as long as there is no other. */
const checksAfterMs = [10 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 8 * HOUR_MS, 24 * HOUR_MS];

/** No report makes a check due sooner than this. */
export const FIRST_CHECK_AFTER_MS = checksAfterMs[0]!;

/** Twilio that cannot be asked is asked again after this, */
const RETRY_CHECK_MS = 10 * MINUTE_MS;
/** and no longer than this after the last report. */
const RETRY_CHECKS_FOR_MS = 48 * HOUR_MS;

/** Twilio has the message, and has not said whether it arrived. */
function awaitsReport(status: OutboundStatus): boolean {
  return status === 'accepted' || status === 'sent';
}

/** When to ask Twilio after a report that left the message in this status; null for never. */
export function firstCheckAt(status: OutboundStatus, reportedAt: number): number | null {
  return awaitsReport(status) ? reportedAt + FIRST_CHECK_AFTER_MS : null;
}

/** When to ask again after an answer that told nothing new; null for never. */
export function nextCheckAt(reportedAt: number, now: number): number | null {
  const after = checksAfterMs.find((ms) => reportedAt + ms > now);
  return after === undefined ? null : reportedAt + after;
}

/** When to ask again after Twilio could not be asked; null for never. */
export function retryCheckAt(reportedAt: number, now: number): number | null {
  return now < reportedAt + RETRY_CHECKS_FOR_MS ? now + RETRY_CHECK_MS : null;
}
