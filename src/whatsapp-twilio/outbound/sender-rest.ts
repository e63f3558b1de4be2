import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';

/**
 * Twilio's errors that say: this sender sends more than its channel takes, or has a full queue. They come with a status
 * callback, after the message was taken.
 *
 * @see https://www.twilio.com/docs/api/errors/63018
 */
const OVERLOADED = new Set<number | string>([21611, 30001, 63018]);

/** The first rest; each further one in a row is twice as long, as it may be a limit of hours that was reached. */
const FIRST_REST_MS = 5000;
const LONGEST_REST_MS = 900_000;
/** A sender that went well for this many of its last rests begins with the first again. */
const FORGIVEN_AFTER_RESTS = 3;

/** Lets the sender of the message rest, on all replicas, if this error says that it must. */
export async function heedOverload(
  trx: DatabaseTransaction,
  row: OutboundRow,
  code: number | string | undefined,
  now: number,
): Promise<void> {
  const sender = senderOf(row);
  if (code === undefined || !OVERLOADED.has(code) || sender === null) return;
  const key = { account_sid: row.account_sid, sender };
  const earlier = await trx
    .selectFrom('sender_rests')
    .selectAll()
    .where('account_sid', '=', key.account_sid)
    .where('sender', '=', key.sender)
    .modifyEnd(engineOf(trx).forUpdate)
    .executeTakeFirst();
  // Of the messages that left together one speaks for all.
  if (earlier !== undefined && now < earlier.until) return;
  const isForgiven = earlier === undefined || now >= earlier.until + FORGIVEN_AFTER_RESTS * restMs(earlier.refusals);
  const refusals = isForgiven ? 1 : earlier.refusals + 1;
  const rest = { until: now + restMs(refusals), refusals };
  await trx
    .insertInto('sender_rests')
    .values({ ...key, ...rest })
    .onConflict((conflict) => conflict.columns(['account_sid', 'sender']).doUpdateSet(rest))
    .execute();
}

function senderOf({ from_address, messaging_service_sid }: OutboundRow): string | null {
  return from_address ?? messaging_service_sid;
}

function restMs(refusals: number): number {
  return Math.min(FIRST_REST_MS * 2 ** (refusals - 1), LONGEST_REST_MS);
}
