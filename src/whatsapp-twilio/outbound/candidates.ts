import { type RawBuilder, sql } from 'kysely';
import type { DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';

/** A message that may be sent now, and when its user last wrote. */
export type Candidate = OutboundRow & { readonly last_inbound_at: number | null };

/**
 * Up to which try a message goes before those that were never tried: its conversation has waited for it. One that is
 * refused again and again takes its turn, so that many of them hold nobody up.
 */
const HURRIED_TRIES = 4;

/** A message, `m`, that waits to be sent. */
export const anyMessage = sql`m.status in ('queued', 'scheduled')`;
/** A message, `m`, that goes before the others. As the index has it, written out. */
export const hurriedMessage = sql`m.status = 'queued' and m.attempts > 0 and m.attempts < ${sql.lit(HURRIED_TRIES)}`;

/** Whose messages, and how many of each priority. */
export interface CandidateRequest {
  readonly scope: string;
  readonly accountSid: string;
  /** Whether there are some that go before the others. */
  readonly hasHurried: boolean;
  readonly now: number;
  readonly limit: number;
}

/** What may be sent now, in the order of its priority: one message of a conversation at a time, in its order. */
export async function candidatesOf(trx: DatabaseTransaction, request: CandidateRequest): Promise<Candidate[]> {
  const found = new Map<number, Candidate>();
  for (const which of request.hasHurried ? [hurriedMessage, anyMessage] : [anyMessage]) {
    for (const row of await find(trx, request, which)) found.set(row.seq, found.get(row.seq) ?? row);
  }
  return [...found.values()];
}

async function find(
  trx: DatabaseTransaction,
  { scope, accountSid, now, limit }: CandidateRequest,
  which: RawBuilder<unknown>,
): Promise<Candidate[]> {
  const ofPriority = (priority: OutboundRow['priority']) => sql`
    select * from (
      select m.*, (select c.last_inbound_at from conversations as c where c.id = m.conversation_id) as last_inbound_at
      from outbound_messages as m
      where m.account_sid = ${accountSid} and m.priority = ${priority} and m.due_at <= ${now}
        and ${which}
        and m.scope = ${scope}
        and not exists (
          select 1 from outbound_messages as other
          where other.conversation_id = m.conversation_id and other.due_at is not null
            and (other.status in ('sending', 'unknown') or (other.status = 'queued' and other.seq < m.seq))
        )
        and not exists (
          select 1 from sender_rests as rest
          where rest.account_sid = m.account_sid
            and rest.sender = coalesce(m.from_address, m.messaging_service_sid) and rest.until > ${now}
        )
      order by m.due_at, m.seq
      limit ${limit}
      ${engineOf(trx).skipLocked}
    ) as found`;
  const { rows } = await sql<Candidate>`${ofPriority('conversation')} union all ${ofPriority('bulk')}`.execute(trx);
  return rows;
}
