import { sql } from 'kysely';
import type { Database } from '../storage/database';
import { engineOf } from '../storage/engine';
import { identifyingParameters } from './identifying-parameters';

/** What a sweep may touch. Times are milliseconds since 1970. */
export interface EraseScope {
  /** The registration whose rows these are. */
  readonly scope: string;
  /** When it is erased. */
  readonly now: number;
  /** Only what is at least as old as this. */
  readonly until: number;
  /** The most rows of one transaction. */
  readonly limit: number;
}

/** Erases one batch in a transaction of its own and tells how many rows that were. */
export type EraseBatch = (db: Database, scope: EraseScope) => Promise<number>;

/** What users wrote, once the handlers are done with it or have given it up. */
export const eraseInbound: EraseBatch = (db, { scope, now, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('inbound_messages')
      .select(['seq', 'params'])
      .where(sql<boolean>`finished_at is not null and erased_at is null`)
      .where('finished_at', '<=', until)
      .where('scope', '=', scope)
      .orderBy('finished_at')
      .limit(limit)
      .modifyEnd(engineOf(trx).skipLocked)
      .execute();
    if (rows.length === 0) return 0;
    const reduced = rows.map(({ seq, params }) => sql`(cast(${seq} as bigint), ${reduce(params)})`);
    await sql`
      with reduced (seq, params) as (values ${sql.join(reduced)})
      update inbound_messages set params = reduced.params, failure = null, erased_at = ${now}
      from reduced where inbound_messages.seq = reduced.seq`.execute(trx);
    return rows.length;
  });

/**
 * What we wrote, counted from the last try to send it: unless it still waits for its time, its turn or the user, and
 * while handlers have yet to be told of it, who are given its metadata.
 */
export const eraseOutbound: EraseBatch = (db, { scope, now, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const rows = await trx
      .selectFrom('outbound_messages as message')
      .select('message.seq')
      .where(sql<boolean>`message.erased_at is null`)
      .where('message.created_at', '<=', until)
      .where((where) => where.or([where('attempted_at', 'is', null), where('attempted_at', '<=', until)]))
      .where('message.scope', '=', scope)
      .where('message.due_at', 'is', null)
      .where('message.status', '!=', 'held')
      .where(({ not, exists, selectFrom }) =>
        not(
          exists(
            selectFrom('message_events as event')
              .select('event.seq')
              .whereRef('event.message_id', '=', 'message.id')
              .where('event.state', '=', 'pending'),
          ),
        ),
      )
      .orderBy('message.created_at')
      .limit(limit)
      .modifyEnd(engineOf(trx).skipLocked)
      .execute();
    if (rows.length === 0) return 0;
    await trx
      .updateTable('outbound_messages')
      .set({ content: '{}', metadata: '{}', erased_at: now })
      .where(
        'seq',
        'in',
        rows.map(({ seq }) => seq),
      )
      .execute();
    return rows.length;
  });

/** Why handlers failed at status updates: the words are the handlers', and may quote anything. */
export const eraseStatusFailures: EraseBatch = (db, { scope, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`
      update message_events set failure = null
      where seq in (
        select seq from message_events
        where state = 'dead' and failure is not null and finished_at <= ${until}
          and scope = ${scope}
        order by finished_at
        limit ${limit}
        ${engineOf(trx).skipLocked}
      )`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });

/** Callbacks for SIDs that never became known. */
export const removeEarlyCallbacks: EraseBatch = (db, { scope, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`
      delete from early_callbacks
      where seq in (
        select seq from early_callbacks
        where received_at <= ${until} and scope = ${scope}
        order by seq
        limit ${limit}
        ${engineOf(trx).skipLocked}
      )`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });

/** Events that nobody is to be told of any more, with what is left of their deliveries. */
export const removeEvents: EraseBatch = (db, { scope, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ id: string }>`
      delete from events
      where seq in (
        select seq from events
        where at <= ${until} and scope = ${scope}
          and not exists (
            select 1 from event_deliveries as delivery
            where delivery.event_id = events.id and delivery.state in ('pending', 'dead')
          )
        order by at
        limit ${limit}
        ${engineOf(trx).skipLocked}
      )
      returning id`.execute(trx);
    if (rows.length === 0) return 0;
    await trx
      .deleteFrom('event_deliveries')
      .where(
        'event_id',
        'in',
        rows.map(({ id }) => id),
      )
      .execute();
    return rows.length;
  });

/** Events that a subscriber would not take, and that nobody has replayed. */
export const removeDeadDeliveries: EraseBatch = (db, { scope, until, limit }) =>
  db.transaction().execute(async (trx) => {
    const { numAffectedRows } = await sql`
      delete from event_deliveries
      where seq in (
        select seq from event_deliveries
        where state = 'dead' and finished_at <= ${until} and scope = ${scope}
        order by finished_at
        limit ${limit}
        ${engineOf(trx).skipLocked}
      )`.execute(trx);
    return Number(numAffectedRows ?? 0);
  });

/** One that nobody can read must not keep the others from being erased. */
function reduce(params: string): string {
  try {
    return JSON.stringify(identifyingParameters(JSON.parse(params) as Record<string, string>));
  } catch {
    return '{}';
  }
}
