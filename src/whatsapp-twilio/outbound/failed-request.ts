import { backoffMs } from '../../common/backoff';
import type { OutboxStep } from '../delivery/message-journal';
import type { OutboundRow } from '../storage/schema';
import type { TwilioApiError, TwilioConnectionError, TwilioError } from '../twilio/twilio-errors';

/** The first look for a message whose fate is unknown comes after this; each further one after twice the time passed. */
export const FIRST_LOOK_MS = 1000;
const FIRST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 300_000;
/** So often Twilio's `Retry-After` alone decides; after that the pause also grows. */
const TRIES_AS_ASKED = 5;
const SPREAD = 0.1;
/** A message that Twilio would still refuse for the moment after this long is given up. */
const RETRY_FOR_MS = 24 * 3_600_000;
/** When Twilio answered with an error its work on the request is over, and its list tells soon; */
const ANSWERED_SETTLE_MS = 2000;
/** likewise, a little later, when it ended the connection. */
const CUT_OFF_SETTLE_MS = 3000;

export interface Circumstances {
  readonly now: number;
  readonly random: () => number;
  /** When a message that Twilio does not list was not taken, however the request ended. */
  readonly settleAfterMs: number;
  /** The token that was refused is being replaced. */
  readonly isRotating: boolean;
}

/** What becomes of a message whose request ended like this. */
export function stepAfter(error: TwilioError, row: OutboundRow, at: Circumstances): OutboxStep {
  const { now } = at;
  const messageError = error.toMessageError();
  if (error.outcome === 'unknown') {
    return {
      status: 'unknown',
      dueAt: now + FIRST_LOOK_MS,
      unknownSince: now,
      settledAt: now + Math.min(settleAfterMs(error), at.settleAfterMs),
      waiting: 'reconcile',
      error: messageError,
    };
  }
  const tooOld = now - Math.max(row.created_at, row.send_at ?? 0) >= RETRY_FOR_MS;
  // While tokens are rotated, one that is refused says little of the next try.
  if (!(error.retryable || at.isRotating) || tooOld) return { status: 'failed', dueAt: null, error: messageError };
  const retryAt = now + pauseAfter(row, at.random, (error as Partial<TwilioApiError>).retryAfterMs);
  return { status: 'queued', dueAt: retryAt, waiting: 'retry', error: messageError };
}

/** What expires before its next try does so on time. */
export function onTime({ expires_at }: OutboundRow, step: OutboxStep): OutboxStep {
  if (step.status !== 'queued' || step.dueAt === null) return step;
  return { ...step, dueAt: Math.min(step.dueAt, expires_at ?? Infinity) };
}

/** For as long as Twilio asked, a little spread; longer than that only when it goes on refusing. */
export function pauseAfter({ attempts }: OutboundRow, random: () => number, askedMs = 0): number {
  if (askedMs > 0 && attempts <= TRIES_AS_ASKED) return Math.round(askedMs * (1 + SPREAD * random()));
  return Math.max(askedMs, backoffMs(attempts, FIRST_RETRY_MS, LONGEST_RETRY_MS, random));
}

/** Whether Twilio, or what stands before it, has said that the request is over; else it may still be at work on it. */
export function isOver(error: TwilioError): boolean {
  if (error.code !== 'TWILIO_CONNECTION') return true;
  const { reason } = error as TwilioConnectionError;
  return reason !== 'TIMEOUT' && reason !== 'ABORTED';
}

/** After which time a message that Twilio does not list was not taken, judged by how the request ended. */
function settleAfterMs(error: TwilioError): number {
  if (!isOver(error)) return Infinity;
  return error.code === 'TWILIO_CONNECTION' ? CUT_OFF_SETTLE_MS : ANSWERED_SETTLE_MS;
}
