import { sql } from 'kysely';
import { groupBy } from '../../common/group-by';
import type { Database, DatabaseTransaction } from './database';
import { engineOf } from './engine';
import type { EventDeliveryRow, InboundRow, MessageEventRow } from './schema';

interface WorkTables {
  inbound_messages: InboundRow;
  message_events: MessageEventRow;
  event_deliveries: EventDeliveryRow;
}

export type WorkTable = keyof WorkTables;
export type WorkRow<Table extends WorkTable> = WorkTables[Table];

/** The column whose rows are worked on in their order, one at a time. */
const orderColumns = {
  inbound_messages: 'conversation_id',
  message_events: 'message_id',
  event_deliveries: 'order_key',
} as const;

/**
 * A table as a queue for handlers. A row is claimed with a lease: `due_at` is when the lease ends, and `attempts`
 * tells whether it is still ours. Within one conversation (or message) a row waits until every earlier one is finished.
 */
export class WorkQueue<Table extends WorkTable> {
  constructor(
    private readonly db: Database,
    private readonly table: Table,
    /** Whose rows. */
    private readonly scope: string,
    /** The process that claims. */
    private readonly owner: string | null = null,
  ) {}

  async claim(limit: number, now: number, leaseUntil: number): Promise<WorkRow<Table>[]> {
    const table = sql.table(this.table);
    const order = orderColumns[this.table];
    const { rows } = await sql<WorkRow<Table>>`
      update ${table} set attempts = attempts + 1, due_at = ${leaseUntil}, owner = ${this.owner}
      where seq in (
        select item.seq from ${table} as item
        where item.due_at <= ${now}
          and item.scope = ${this.scope}
          and not exists (
            select 1 from ${table} as earlier
            where earlier.${sql.ref(order)} = item.${sql.ref(order)}
              and earlier.state = 'pending' and earlier.seq < item.seq
          )
        order by item.due_at, item.seq
        limit ${limit}
        ${engineOf(this.db).skipLocked}
      )
      returning *`.execute(this.db);
    return rows.toSorted((a, b) => a.seq - b.seq);
  }

  /** Frees what was claimed for this process and is none of these: the answer to that claim was lost. */
  async releaseAllBut(rows: Iterable<WorkRow<Table>>, now: number): Promise<void> {
    const kept = Array.from(rows, ({ seq }) => seq);
    await sql`
      update ${sql.table(this.table)} set due_at = ${now}, owner = null
      where owner = ${this.owner} and state = 'pending'
        ${kept.length > 0 ? sql`and seq not in (${sql.join(kept)})` : sql``}`.execute(this.db);
  }

  /** When the next row becomes due, or the next lease ends. */
  async nextDueAt(now: number): Promise<number | undefined> {
    const { rows } = await sql<{ at: number | null }>`
      select min(due_at) as at from ${sql.table(this.table)}
      where due_at > ${now} and scope = ${this.scope}`.execute(this.db);
    return rows[0]?.at ?? undefined;
  }

  /** Keeps the leases of rows that are still being worked on. */
  async extendLeases(rows: Iterable<WorkRow<Table>>, leaseUntil: number): Promise<void> {
    for (const { seq, attempts } of rows) {
      await sql`
        update ${sql.table(this.table)} set due_at = ${leaseUntil}
        where seq = ${seq} and attempts = ${attempts} and state = 'pending'`.execute(this.db);
    }
  }

  /**
   * Records how the work on rows went on; those that ended did so now.
   *
   * @throws LeaseLostError when the lease of one ended in the meantime and another worker has the row.
   */
  async recordAll(
    trx: DatabaseTransaction,
    steps: readonly { readonly row: WorkRow<Table>; readonly step: WorkStep }[],
    now: number,
  ): Promise<void> {
    // Most of them took the same step, at their first attempt.
    for (const same of groupBy(steps, ({ row, step }) => JSON.stringify([row.attempts, step])).values()) {
      const { row, step } = same[0]!;
      const columns = { ...step, ...(step.state !== undefined && { finished_at: now }) };
      const set = Object.entries(columns).map(([column, value]) => sql`${sql.ref(column)} = ${value}`);
      const { numAffectedRows } = await sql`
        update ${sql.table(this.table)} set ${sql.join(set)}
        where seq in (${sql.join(same.map(({ row: { seq } }) => seq))})
          and attempts = ${row.attempts} and state = 'pending'`.execute(trx);
      if (numAffectedRows !== BigInt(same.length)) throw new LeaseLostError(this.table);
    }
  }
}

/** What changes with a step; without a state there is more to do. */
export type WorkStep = Partial<Pick<InboundRow, 'due_at' | 'owner' | 'done_handlers' | 'failure'>> & {
  readonly state?: 'done' | 'dead';
};

/** The work took longer than its lease, and somebody else took it over. Its result must not be used. */
export class LeaseLostError extends Error {
  readonly code = 'LEASE_LOST';

  constructor(table: string) {
    super(`The lease of a row in ${table} ended before its work did; another worker has taken it over.`);
    this.name = 'LeaseLostError';
  }
}
