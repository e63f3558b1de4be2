import { sql } from 'kysely';
import type { Claim } from '../../common/work-loop';
import { MessageJournal } from '../delivery/message-journal';
import type { Runtime } from '../runtime';
import type { Database, DatabaseTransaction } from '../storage/database';
import type { OutboundRow } from '../storage/schema';

/** The window that the budget counts in. */
const WINDOW_MS = 60_000;
/** Requests leave a moment after they are claimed, some sooner than others; the margin keeps Twilio's minute exact too. */
const WINDOW_MARGIN_MS = 250;
/** Longer than a request can take, so that a claim never ends while its request is under way. */
const LEASE_MS = 25_000;
/** One send in ten is left to bulk messages, however many replies are waiting. */
const BULK_SHARE = 10;

export type OutboundWork =
  | { readonly kind: 'send'; readonly row: OutboundRow }
  | { readonly kind: 'reconcile'; readonly row: OutboundRow };

/** Chooses what is done next. One transaction, so that no two workers choose the same and the budget is exact. */
export class OutboundClaims {
  constructor(
    private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly runtime: Runtime,
    private readonly scope: { readonly connectionIds: readonly string[]; readonly rpm: number },
  ) {}

  claim(limit: number): Promise<Claim<OutboundWork>> {
    return this.db.transaction().execute(async (trx) => {
      const now = this.runtime.clock.now();
      await this.expire(trx, now);
      const lost = await this.reconcilable(trx, now, limit);
      const accounts = await this.accountsWithWork(trx, now);
      const sends: OutboundRow[] = [];
      let nextAt = await this.nextDueAt(trx, now);
      for (const account of accounts) {
        const room = limit - lost.length - sends.length;
        if (room <= 0) break;
        const { rows, freeAt } = await this.claimSends(trx, account, now, room);
        sends.push(...rows);
        if (freeAt !== undefined) nextAt = Math.min(nextAt ?? freeAt, freeAt);
      }
      const items = [
        ...lost.map((row) => ({ kind: 'reconcile' as const, row })),
        ...sends.map((row) => ({ kind: 'send' as const, row })),
      ];
      return { items, nextAt };
    });
  }

  /** Whose time ran out before they were sent. */
  private async expire(trx: DatabaseTransaction, now: number): Promise<void> {
    const rows = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('connection_id', 'in', this.scope.connectionIds)
      .where('due_at', '<=', now)
      .where('status', 'in', ['queued', 'held', 'scheduled'])
      .where('expires_at', '<=', now)
      .execute();
    for (const row of rows) {
      await this.journal.step(trx, row, {
        status: 'expired',
        dueAt: null,
        error: {
          code: 'EXPIRED',
          title: 'Not sent in time',
          retryable: true,
          action: 'none',
          help: 'Its expiresInSeconds ran out before it could be sent. Send it again if it still matters.',
        },
      });
    }
  }

  /** Those whose sender was lost on the way, and those that wait to be looked up. */
  private async reconcilable(trx: DatabaseTransaction, now: number, limit: number): Promise<OutboundRow[]> {
    const rows = await trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('connection_id', 'in', this.scope.connectionIds)
      .where('due_at', '<=', now)
      .where('status', 'in', ['sending', 'unknown'])
      .orderBy('due_at')
      .limit(limit)
      .execute();
    const claimed: OutboundRow[] = [];
    for (const row of rows) {
      claimed.push(
        await this.journal.step(trx, row, { status: 'unknown', dueAt: now + LEASE_MS, waiting: 'reconcile' }),
      );
    }
    return claimed;
  }

  private async accountsWithWork(trx: DatabaseTransaction, now: number): Promise<string[]> {
    const rows = await trx
      .selectFrom('outbound_messages')
      .select('account_sid')
      .distinct()
      .where('connection_id', 'in', this.scope.connectionIds)
      .where('due_at', '<=', now)
      .where('status', 'in', ['queued', 'scheduled'])
      .execute();
    return rows.map(({ account_sid }) => account_sid);
  }

  private async claimSends(trx: DatabaseTransaction, accountSid: string, now: number, limit: number) {
    await trx
      .deleteFrom('send_slots')
      .where('account_sid', '=', accountSid)
      .where('at', '<=', now - WINDOW_MS - WINDOW_MARGIN_MS)
      .execute();
    const slots = await trx
      .selectFrom('send_slots')
      .select(['priority', 'at'])
      .where('account_sid', '=', accountSid)
      .orderBy('at')
      .execute();
    const free = Math.max(0, Math.min(limit, this.scope.rpm - slots.length));
    const candidates = await this.candidates(trx, accountSid, now, Math.max(free, 1));
    const rows = choose(candidates, slots, free);
    for (const [index, row] of rows.entries()) {
      await trx.insertInto('send_slots').values({ account_sid: accountSid, priority: row.priority, at: now }).execute();
      rows[index] = await this.journal.step(trx, row, {
        status: 'sending',
        dueAt: now + LEASE_MS,
        attempts: row.attempts + 1,
        attemptedAt: now,
      });
    }
    // Out of budget, rather than out of work or of places: the next slot becomes free when the oldest leaves the minute.
    const spent = slots.length + rows.length >= this.scope.rpm && rows.length < candidates.length;
    const oldest = slots[slots.length + rows.length - this.scope.rpm]?.at ?? slots[0]?.at ?? now;
    return { rows, freeAt: spent ? oldest + WINDOW_MS + WINDOW_MARGIN_MS : undefined };
  }

  /** What may be sent now, replies first: one message of a conversation at a time, in its order. */
  private async candidates(
    trx: DatabaseTransaction,
    accountSid: string,
    now: number,
    limit: number,
  ): Promise<OutboundRow[]> {
    const found: OutboundRow[] = [];
    for (const priority of ['conversation', 'bulk']) {
      const { rows } = await sql<OutboundRow>`
        select m.* from outbound_messages as m
        where m.priority = ${priority} and m.due_at <= ${now}
          and m.status in ('queued', 'scheduled')
          and m.account_sid = ${accountSid}
          and m.connection_id in (${sql.join(this.scope.connectionIds)})
          and not exists (
            select 1 from outbound_messages as other
            where other.conversation_id = m.conversation_id and other.due_at is not null
              and (other.status in ('sending', 'unknown') or (other.status = 'queued' and other.seq < m.seq))
          )
        order by m.due_at, m.seq
        limit ${limit}`.execute(trx);
      found.push(...rows);
    }
    return found;
  }

  private async nextDueAt(trx: DatabaseTransaction, now: number): Promise<number | undefined> {
    const row = await trx
      .selectFrom('outbound_messages')
      .select(({ fn }) => fn.min('due_at').as('at'))
      .where('connection_id', 'in', this.scope.connectionIds)
      .where('due_at', '>', now)
      .executeTakeFirst();
    return row?.at ?? undefined;
  }
}

/** Replies before bulk, but every tenth slot of the minute goes to bulk while there is any. */
function choose(
  candidates: readonly OutboundRow[],
  slots: readonly { priority: string }[],
  free: number,
): OutboundRow[] {
  const replies = candidates.filter(({ priority }) => priority === 'conversation');
  const bulk = candidates.filter(({ priority }) => priority === 'bulk');
  const chosen = new Map<string, OutboundRow>();
  let bulkSlots = slots.filter(({ priority }) => priority === 'bulk').length;
  let allSlots = slots.length;
  while (chosen.size < free && replies.length + bulk.length > 0) {
    const isBulksTurn = bulk.length > 0 && (replies.length === 0 || bulkSlots * BULK_SHARE < allSlots);
    const row = (isBulksTurn ? bulk : replies).shift()!;
    if (chosen.has(row.conversation_id)) continue;
    chosen.set(row.conversation_id, row);
    allSlots++;
    if (isBulksTurn) bulkSlots++;
  }
  return [...chosen.values()];
}
