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

/**
 * What may be sent now, replies first: one message of a conversation at a time, in its order. Of each priority up to
 * `limit`, those before the others that were tried already.
 */
export async function candidatesOf(
  trx: DatabaseTransaction,
  { scope, accountSid }: { readonly scope: string; readonly accountSid: string },
  now: number,
  limit: number,
): Promise<Candidate[]> {
  const triedBefore = sql`m.status = 'queued' and m.attempts > 0 and m.attempts < ${HURRIED_TRIES}`;
  const any = sql`m.status in ('queued', 'scheduled')`;
  const arm = (priority: OutboundRow['priority'], which: RawBuilder<unknown>) => sql`
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
  const arms = (['conversation', 'bulk'] as const).flatMap((priority) => [
    arm(priority, triedBefore),
    arm(priority, any),
  ]);
  const { rows } = await sql<Candidate>`${sql.join(arms, sql` union all `)}`.execute(trx);
  return [...new Map(rows.map((row) => [row.seq, row])).values()];
}
