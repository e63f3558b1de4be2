import { sql } from 'kysely';
import type { Claim } from '../../common/work-loop';
import type { MessageJournal } from '../delivery/message-journal';
import { customerServiceWindow } from '../messages/conversation';
import type { Runtime } from '../runtime';
import type { Database, DatabaseTransaction } from '../storage/database';
import { type Engine, engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import type { AccountLimits, AccountUse } from './account-limits';
import { budgetOf, choose, forgetSpent, lockBudgets, spend } from './budget';
import type { MessageError } from '../twilio/error-catalogue';
import type { Pacing } from './pacing';

/** Longer than a request can take, so that a claim never ends while its request is under way. */
const LEASE_MS = 25_000;
const FORGET_EVERY_MS = 5000;

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
  readonly limits: AccountLimits;
  /** The process that claims. */
  readonly owner: string;
}

/** Chooses what is done next. One transaction, so that no two workers choose the same and the budget is exact. */
export class OutboundClaims {
  private readonly engine: Engine;
  private turn = 0;
  private forgetAt = 0;

  constructor(
    private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly runtime: Runtime,
    private readonly pacing: Pacing,
    private readonly share: OutboundShare,
  ) {
    this.engine = engineOf(db);
  }

  async claim(limit: number): Promise<OutboundClaim> {
    const seenAt = this.runtime.clock.now();
    const limits = await this.accountLimits(seenAt);
    return this.db.transaction().execute(async (trx) => {
      await lockBudgets(trx);
      const now = this.runtime.clock.now();
      await this.forget(trx, now);
      const { expired, lost } = await this.overdue(trx, now, limit);
      const wakeTimes = [await this.nextDueAt(trx, seenAt)];
      let turnedAway = 0;
      const sends: OutboundRow[] = [];
      for (const [account, rpm] of this.inTurn([...limits])) {
        const room = limit - lost.length - sends.length;
        if (room <= 0) break;
        const claimed = await this.claimSends(trx, account, rpm, now, room);
        sends.push(...claimed.rows);
        turnedAway += claimed.turnedAway;
        wakeTimes.push(claimed.nextAt);
      }
      const items = [
        ...lost.map((row) => ({ kind: 'reconcile' as const, row })),
        ...sends.map((row) => ({ kind: 'send' as const, row })),
      ];
      const times = wakeTimes.filter((time) => time !== undefined);
      return {
        items,
        changed: expired + turnedAway + items.length > 0,
        nextAt: times.length === 0 ? undefined : Math.min(...times),
      };
    });
  }

  /**
   * Frees what was claimed for this process and is none of these: the answer to that claim was lost, and so nothing was
   * done with it.
   */
  releaseAllBut(held: ReadonlySet<string>): Promise<void> {
    return this.db.transaction().execute(async (trx) => {
      const rows = await trx
        .selectFrom('outbound_messages')
        .selectAll()
        .where('owner', '=', this.share.owner)
        .where('status', 'in', ['sending', 'unknown'])
        .modifyEnd(this.engine.forUpdate)
        .execute();
      const now = this.runtime.clock.now();
      const stray = rows.filter(({ id }) => !held.has(id));
      const [unsent, unknown] = [
        stray.filter(({ status }) => status === 'sending'),
        stray.filter(({ status }) => status === 'unknown'),
      ];
      await this.journal.stepAll(trx, unsent, { status: 'queued', dueAt: now });
      await this.journal.stepAll(trx, unknown, { status: 'unknown', dueAt: now, waiting: 'reconcile' });
    });
  }

  private async forget(trx: DatabaseTransaction, now: number): Promise<void> {
    if (now < this.forgetAt) return;
    this.forgetAt = now + FORGET_EVERY_MS;
    await forgetSpent(trx, now);
  }

  /** Whose time ran out before they were sent; and those whose sender was lost on the way or that wait to be looked up. */
  private async overdue(
    trx: DatabaseTransaction,
    now: number,
    limit: number,
  ): Promise<{ expired: number; lost: OutboundRow[] }> {
    const due = trx
      .selectFrom('outbound_messages')
      .selectAll()
      .where('scope', '=', this.share.scope)
      .where('due_at', '<=', now)
      .limit(limit)
      .modifyEnd(this.engine.skipLocked);
    // Written out, as a partial index serves only a condition that is known beforehand.
    const isLost = sql<boolean>`status in ('sending', 'unknown')`;
    const expired = await due
      .where('expires_at', '<=', now)
      .where(({ not }) => not(isLost))
      .orderBy('expires_at')
      .execute();
    await this.journal.stepAll(trx, expired, { status: 'expired', dueAt: null, error: EXPIRED });
    const lost: OutboundRow[] = [];
    for (const row of await due.where(isLost).orderBy('due_at').execute()) {
      lost.push(
        await this.journal.step(trx, row, {
          status: 'unknown',
          dueAt: now + LEASE_MS,
          waiting: 'reconcile',
          owner: this.share.owner,
          unknownSince: row.unknown_since ?? row.attempted_at ?? now,
        }),
      );
    }
    return { expired: expired.length, lost };
  }

  /** The accounts that have something to send, and what each is allowed. */
  private async accountLimits(now: number): Promise<ReadonlyMap<string, number>> {
    const { scope } = this.share;
    // In the order of the index: without that PostgreSQL reads the table from its beginning until it finds one.
    const dueOf = (priority: string) => sql`(
      select m.connection_id from outbound_messages as m
      where m.scope = ${scope} and m.account_sid = accounts.account_sid and m.priority = ${priority}
        and m.due_at <= ${now} and m.status in ('queued', 'scheduled')
      order by m.due_at, m.seq
      limit 1
    )`;
    // From one account to the next, as a `distinct` reads every message that waits.
    const { rows } = await sql<AccountUse>`
      with recursive accounts (account_sid) as (
        select min(account_sid) from outbound_messages where scope = ${scope} and due_at is not null
        union all
        select (
          select min(m.account_sid) from outbound_messages as m
          where m.scope = ${scope} and m.due_at is not null and m.account_sid > accounts.account_sid
        )
        from accounts where accounts.account_sid is not null
      )
      select account_sid, connection_id from (
        select account_sid, coalesce(${dueOf('conversation')}, ${dueOf('bulk')}) as connection_id
        from accounts where account_sid is not null
      ) as uses
      where connection_id is not null
      order by account_sid`.execute(this.db);
    return this.share.limits.of(rows);
  }

  /** A different one first each time, so that none waits for the others. */
  private inTurn<Account>(accounts: readonly Account[]): readonly Account[] {
    const first = this.turn++ % Math.max(1, accounts.length);
    return [...accounts.slice(first), ...accounts.slice(0, first)];
  }

  private async claimSends(trx: DatabaseTransaction, accountSid: string, rpm: number, now: number, limit: number) {
    const places = Math.min(limit, this.pacing.places(accountSid, now));
    // A place that becomes free wakes the dispatcher by itself.
    if (places <= 0) return { rows: [], turnedAway: 0, nextAt: this.pacing.pausedUntil(accountSid, now) };

    const budget = await budgetOf(trx, accountSid, rpm, now);
    const found = await this.candidates(trx, accountSid, now, places);
    const candidates = await this.withinWindow(trx, found, now);
    const { rows, freeAt } = choose(candidates, budget, places);
    const turnedAway = found.length - candidates.length;
    // What takes the places of those that were turned away.
    const nextAt = turnedAway > 0 ? now : freeAt;
    return { rows: await this.take(trx, accountSid, rows, now), turnedAway, nextAt };
  }

  private async take(
    trx: DatabaseTransaction,
    accountSid: string,
    rows: readonly OutboundRow[],
    now: number,
  ): Promise<OutboundRow[]> {
    const taken = await this.journal.stepAll(trx, rows, {
      status: 'sending',
      dueAt: now + LEASE_MS,
      owner: this.share.owner,
      attemptedAt: now,
    });
    // At the last moment: the requests leave after the commit, and their minute must not begin much before.
    const leaveAt = this.runtime.clock.now();
    for (const priority of ['conversation', 'bulk'] as const) {
      const sends = rows.filter((row) => row.priority === priority).length;
      if (sends > 0) await spend(trx, accountSid, priority, sends, leaveAt);
    }
    return taken;
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
          and not exists (
            select 1 from sender_rests as rest
            where rest.account_sid = m.account_sid
              and rest.sender = coalesce(m.from_address, m.messaging_service_sid) and rest.until > ${now}
          )
        order by m.due_at, m.seq
        limit ${limit}
        ${this.engine.skipLocked}`.execute(trx);
      found.push(...rows);
    }
    return found;
  }

  /** Without those whose 24-hour window has closed since they were queued, and which are not to be sent then. */
  private async withinWindow(
    trx: DatabaseTransaction,
    candidates: readonly OutboundRow[],
    now: number,
  ): Promise<OutboundRow[]> {
    const picky = candidates.filter(({ outside_window }) => outside_window !== 'send');
    if (picky.length === 0) return [...candidates];
    const conversations = await trx
      .selectFrom('conversations')
      .select(['id', 'last_inbound_at'])
      .where(
        'id',
        'in',
        picky.map(({ conversation_id }) => conversation_id),
      )
      .execute();
    const lastInboundAt = new Map(conversations.map(({ id, last_inbound_at }) => [id, last_inbound_at ?? undefined]));
    const late = picky.filter((row) => !customerServiceWindow(lastInboundAt.get(row.conversation_id), now).open);
    for (const row of late) {
      await this.journal.step(
        trx,
        row,
        row.outside_window === 'hold'
          ? { status: 'held', dueAt: row.expires_at, waiting: 'window' }
          : { status: 'failed', dueAt: null, error: WINDOW_CLOSED },
      );
    }
    return candidates.filter((row) => !late.includes(row));
  }

  private async nextDueAt(trx: DatabaseTransaction, now: number): Promise<number | undefined> {
    const { rows } = await sql<{ at: number | null }>`
      select min(at) as at from (
        select min(due_at) as at from outbound_messages where scope = ${this.share.scope} and due_at > ${now}
        union all
        select min(until) as at from sender_rests where until > ${now}
      ) as times`.execute(trx);
    return rows[0]?.at ?? undefined;
  }
}

const EXPIRED: MessageError = {
  code: 'EXPIRED',
  title: 'Not sent in time',
  retryable: true,
  action: 'none',
  help: 'Its expiresInSeconds ran out before it could be sent. Send it again if it still matters.',
};

const WINDOW_CLOSED: MessageError = {
  code: 'OUTSIDE_WINDOW',
  title: 'Outside the 24-hour window',
  retryable: false,
  action: 'fix-request',
  help: "The window closed before it was this message's turn. Send a template, or use outsideWindow: 'hold'.",
};
