import { sql } from 'kysely';
import type { Claim } from '../../common/work-loop';
import type { MessageJournal } from '../delivery/message-journal';
import type { Runtime } from '../runtime';
import type { Database, DatabaseTransaction } from '../storage/database';
import { type Engine, engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import { type Budget, budgetOf, choose, lockBudgets } from './budget';
import type { Pacing } from './pacing';

/** Longer than a request can take, so that a claim never ends while its request is under way. */
const LEASE_MS = 25_000;

export type OutboundWork =
  | { readonly kind: 'send'; readonly row: OutboundRow }
  | { readonly kind: 'reconcile'; readonly row: OutboundRow };

export interface OutboundClaim extends Claim<OutboundWork> {
  /** Whether messages moved, and so whether handlers may have to be told. */
  readonly changed: boolean;
}

export interface OutboundShare {
  /** The registration whose messages these are. */
  readonly scope: string;
  readonly rpm: number;
  /** The process that claims. */
  readonly owner: string;
}

/** Chooses what is done next. One transaction, so that no two workers choose the same and the budget is exact. */
export class OutboundClaims {
  private readonly engine: Engine;
  private turn = 0;

  constructor(
    private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly runtime: Runtime,
    private readonly pacing: Pacing,
    private readonly share: OutboundShare,
  ) {
    this.engine = engineOf(db);
  }

  claim(limit: number): Promise<OutboundClaim> {
    return this.db.transaction().execute(async (trx) => {
      await lockBudgets(trx);
      const now = this.runtime.clock.now();
      const expired = await this.expire(trx, now);
      const lost = await this.reconcilable(trx, now, limit);
      const wakeTimes = [await this.nextDueAt(trx, now)];
      const sends: OutboundRow[] = [];
      for (const account of await this.accountsWithWork(trx, now)) {
        const room = limit - lost.length - sends.length;
        if (room <= 0) break;
        const { rows, freeAt } = await this.claimSends(trx, account, now, room);
        sends.push(...rows);
        wakeTimes.push(freeAt);
      }
      const items = [
        ...lost.map((row) => ({ kind: 'reconcile' as const, row })),
        ...sends.map((row) => ({ kind: 'send' as const, row })),
      ];
      const times = wakeTimes.filter((time) => time !== undefined);
      return {
        items,
        changed: expired > 0 || items.length > 0,
        nextAt: times.length === 0 ? undefined : Math.min(...times),
      };
    });
  }

  /** Whose time ran out before they were sent. */
  private async expire(trx: DatabaseTransaction, now: number): Promise<number> {
    const rows = await this.due(trx, now)
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
    return rows.length;
  }

  /** Those whose sender was lost on the way, and those that wait to be looked up. */
  private async reconcilable(trx: DatabaseTransaction, now: number, limit: number): Promise<OutboundRow[]> {
    const rows = await this.due(trx, now)
      .where('status', 'in', ['sending', 'unknown'])
      .orderBy('due_at')
      .limit(limit)
      .execute();
    const claimed: OutboundRow[] = [];
    for (const row of rows) {
      claimed.push(
        await this.journal.step(trx, row, {
          status: 'unknown',
          dueAt: now + LEASE_MS,
          waiting: 'reconcile',
          owner: this.share.owner,
          unknownSince: row.unknown_since ?? row.attempted_at ?? now,
        }),
      );
    }
    return claimed;
  }

  private due(trx: DatabaseTransaction, now: number) {
    return trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('scope', '=', this.share.scope)
      .where('due_at', '<=', now)
      .modifyEnd(this.engine.skipLocked);
  }

  /** A different one first each time, so that none waits for the others. */
  private async accountsWithWork(trx: DatabaseTransaction, now: number): Promise<string[]> {
    const rows = await trx
      .selectFrom('outbound_messages')
      .select('account_sid')
      .distinct()
      .where('scope', '=', this.share.scope)
      .where('due_at', '<=', now)
      .where('status', 'in', ['queued', 'scheduled'])
      .orderBy('account_sid')
      .execute();
    const accounts = rows.map(({ account_sid }) => account_sid);
    const first = this.turn++ % Math.max(1, accounts.length);
    return [...accounts.slice(first), ...accounts.slice(0, first)];
  }

  private async claimSends(trx: DatabaseTransaction, accountSid: string, now: number, limit: number) {
    const budget = await budgetOf(trx, accountSid, this.share.rpm, now);
    const places = Math.min(limit, this.pacing.limitOf(accountSid, now) - (await this.inFlight(trx, accountSid)));
    const pausedUntil = this.pacing.pausedUntil(accountSid, now);
    // A place that becomes free wakes the dispatcher by itself.
    if (places <= 0) return { rows: [], freeAt: pausedUntil };

    const candidates = await this.candidates(trx, accountSid, now, places);
    const { rows, freeAt } = choose(candidates, budget, places);
    return { rows: await this.take(trx, rows, budget, now), freeAt };
  }

  private async take(
    trx: DatabaseTransaction,
    rows: readonly OutboundRow[],
    { accountSid }: Budget,
    now: number,
  ): Promise<OutboundRow[]> {
    const taken: OutboundRow[] = [];
    for (const row of rows) {
      await trx.insertInto('send_slots').values({ account_sid: accountSid, priority: row.priority, at: now }).execute();
      taken.push(
        await this.journal.step(trx, row, {
          status: 'sending',
          dueAt: now + LEASE_MS,
          owner: this.share.owner,
          attempts: row.attempts + 1,
          attemptedAt: now,
        }),
      );
    }
    return taken;
  }

  /** Of this process: what a dead one left unanswered must not keep the living from sending. */
  private async inFlight(trx: DatabaseTransaction, accountSid: string): Promise<number> {
    const { count } = await trx
      .selectFrom('outbound_messages')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .where('account_sid', '=', accountSid)
      .where('status', '=', 'sending')
      .where('owner', '=', this.share.owner)
      .executeTakeFirstOrThrow();
    return count;
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
        where m.account_sid = ${accountSid} and m.priority = ${priority} and m.due_at <= ${now}
          and m.status in ('queued', 'scheduled')
          and m.scope = ${this.share.scope}
          and not exists (
            select 1 from outbound_messages as other
            where other.conversation_id = m.conversation_id and other.due_at is not null
              and (other.status in ('sending', 'unknown') or (other.status = 'queued' and other.seq < m.seq))
          )
        order by m.due_at, m.seq
        limit ${limit}
        ${this.engine.skipLocked}`.execute(trx);
      found.push(...rows);
    }
    return found;
  }

  private async nextDueAt(trx: DatabaseTransaction, now: number): Promise<number | undefined> {
    const row = await trx
      .selectFrom('outbound_messages')
      .select(({ fn }) => fn.min('due_at').as('at'))
      .where('scope', '=', this.share.scope)
      .where('due_at', '>', now)
      .executeTakeFirst();
    return row?.at ?? undefined;
  }
}
