import type { Claim } from '../../common/work-loop';
import type { MessageJournal } from '../delivery/message-journal';
import { customerServiceWindow } from '../messages/conversation';
import type { Runtime } from '../runtime';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import type { MessageError } from '../twilio/error-catalogue';
import type { AccountLimits } from './account-limits';
import { type Budget, budgetOf, choose, isUsedUp, lockBudgets } from './budget';
import { type Candidate, candidatesOf } from './candidates';
import { outlookOf } from './outlook';
import { expire, takeOver } from './overdue';
import type { Pacing } from './pacing';
import { type Arrivals, forgetSpent, freeAgainAt, type SendSlot, spend } from './send-slots';

/** Longer than a request can take, so that a claim never ends while its request is under way. */
const LEASE_MS = 25_000;
const FORGET_EVERY_MS = 5000;
/** For so long a budget that was used up is believed to be: another process may know by then that it is free sooner. */
const USED_UP_FOR_MS = 5000;

export interface OutboundSend {
  readonly kind: 'send';
  readonly row: OutboundRow;
  /** What it takes of the budget. */
  readonly slot: SendSlot;
}

export type OutboundWork = OutboundSend | { readonly kind: 'reconcile'; readonly row: OutboundRow };

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

/** A claim that is being made. */
interface Turn {
  readonly trx: DatabaseTransaction;
  readonly now: number;
  /** The accounts that have messages which go before the others. */
  readonly hurried: ReadonlySet<string>;
  /** What is to be called once it is committed. */
  readonly afterwards: (() => void)[];
}

/** A budget that nothing could be sent within. */
interface UsedUp {
  readonly rpm: number;
  readonly oldestAt: number;
  /** Until when that is believed. */
  readonly until: number;
}

/** Chooses what is done next. One transaction, so that no two workers choose the same and the budget is exact. */
export class OutboundClaims {
  private readonly usedUp = new Map<string, UsedUp>();
  private turn = 0;
  private forgetAt = 0;

  constructor(
    private readonly db: Database,
    private readonly journal: MessageJournal,
    private readonly runtime: Runtime,
    private readonly pacing: Pacing,
    private readonly arrivals: Arrivals,
    private readonly share: OutboundShare,
  ) {}

  async claim(limit: number): Promise<OutboundClaim> {
    const now = this.runtime.clock.now();
    const outlook = await outlookOf(this.db, this.share.scope, now);
    const open: [account: string, rpm: number][] = [];
    const wakeTimes = [outlook.nextAt];
    for (const [account, rpm] of await this.share.limits.of(outlook.accounts)) {
      const until = this.closedUntil(account, rpm, now);
      if (until === undefined) open.push([account, rpm]);
      else wakeTimes.push(until);
    }
    if (open.length === 0 && !outlook.isOverdue && !this.arrivals.areDue) {
      return { items: [], changed: false, nextAt: earliest(wakeTimes) };
    }

    const afterwards: (() => void)[] = [];
    const claim = await this.db.transaction().execute(async (trx) => {
      await lockBudgets(trx);
      const turn = { trx, now: this.runtime.clock.now(), hurried: outlook.hurried, afterwards };
      await this.keepSlots(turn);
      const { expired, lost } = outlook.isOverdue ? await this.overdue(turn, limit) : { expired: 0, lost: [] };
      const items: OutboundWork[] = lost.map((row) => ({ kind: 'reconcile', row }));
      let turnedAway = 0;
      for (const [account, rpm] of this.inTurn(open)) {
        const room = limit - items.length;
        if (room <= 0) break;
        const claimed = await this.claimSends(turn, account, rpm, room);
        items.push(...claimed.sends);
        turnedAway += claimed.turnedAway;
        wakeTimes.push(claimed.nextAt);
      }
      return { items, changed: expired + turnedAway + items.length > 0, nextAt: earliest(wakeTimes) };
    });
    for (const act of afterwards) act();
    return claim;
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
        .modifyEnd(engineOf(trx).forUpdate)
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

  /** Until when nothing can be sent for the account, however often one looks: what changes that sooner wakes by itself. */
  private closedUntil(accountSid: string, rpm: number, now: number): number | undefined {
    if (this.pacing.places(accountSid, now) <= 0) return this.pacing.pausedUntil(accountSid, now) ?? Infinity;
    const usedUp = this.usedUp.get(accountSid);
    if (usedUp === undefined) return undefined;
    const isOver = now >= usedUp.until || rpm !== usedUp.rpm || this.arrivals.haveSooner(accountSid, usedUp.oldestAt);
    if (!isOver) return freeAgainAt(usedUp.oldestAt);
    this.usedUp.delete(accountSid);
    return undefined;
  }

  private async keepSlots(turn: Turn): Promise<void> {
    if (this.arrivals.areDue) await this.writeArrivals(turn);
    if (turn.now < this.forgetAt) return;
    this.forgetAt = turn.now + FORGET_EVERY_MS;
    await forgetSpent(turn.trx, turn.now);
  }

  private async writeArrivals({ trx, afterwards }: Turn): Promise<void> {
    afterwards.push(await this.arrivals.write(trx));
  }

  /** Whose time ran out before they were sent; and those whose sender was lost on the way or that wait to be looked up. */
  private async overdue({ trx, now }: Turn, limit: number): Promise<{ expired: number; lost: OutboundRow[] }> {
    const { scope, owner } = this.share;
    const expired = await expire(trx, this.journal, scope, now, limit);
    const lost = await takeOver(trx, this.journal, { scope, owner, until: now + LEASE_MS }, now, limit);
    return { expired, lost };
  }

  /** A different one first each time, so that none waits for the others. */
  private inTurn<Account>(accounts: readonly Account[]): readonly Account[] {
    const first = this.turn++ % Math.max(1, accounts.length);
    return [...accounts.slice(first), ...accounts.slice(0, first)];
  }

  private async claimSends(turn: Turn, accountSid: string, rpm: number, room: number) {
    const { trx, now } = turn;
    const budget = await this.budgetOf(turn, accountSid, rpm);
    if (budget.all.count >= rpm) {
      const { oldestAt } = budget.all;
      const freeAt = freeAgainAt(oldestAt);
      this.usedUp.set(accountSid, { rpm, oldestAt, until: Math.min(freeAt, now + USED_UP_FOR_MS) });
      return { sends: [], turnedAway: 0, nextAt: freeAt };
    }
    const { scope } = this.share;
    const limit = Math.min(room, this.pacing.places(accountSid, now));
    const hasHurried = turn.hurried.has(accountSid);
    const found = await candidatesOf(trx, { scope, accountSid, hasHurried, now, limit });
    const candidates = await this.withinWindow(turn, found);
    const { rows, freeAt } = choose(candidates, budget, limit);
    const turnedAway = found.length - candidates.length;
    // What takes the places of those that were turned away.
    const nextAt = turnedAway > 0 ? now : freeAt;
    return { sends: await this.take(turn, accountSid, rows), turnedAway, nextAt };
  }

  /** The account's budget, with all that this process knows if that matters. */
  private async budgetOf(turn: Turn, accountSid: string, rpm: number): Promise<Budget> {
    const budget = await budgetOf(turn.trx, accountSid, rpm, turn.now);
    if (!isUsedUp(budget) || !this.arrivals.haveSooner(accountSid, budget.lasting.oldestAt)) return budget;
    await this.writeArrivals(turn);
    return budgetOf(turn.trx, accountSid, rpm, turn.now);
  }

  private async take({ trx, now }: Turn, accountSid: string, rows: readonly OutboundRow[]): Promise<OutboundSend[]> {
    const taken = await this.journal.stepAll(trx, rows, {
      status: 'sending',
      dueAt: now + LEASE_MS,
      owner: this.share.owner,
      attemptedAt: now,
    });
    const purposes = rows.map(({ priority }) => priority);
    // At the last moment: the requests leave after the commit.
    const slots = await spend(trx, accountSid, purposes, this.runtime.clock.now());
    return taken.map((row, index) => ({ kind: 'send', row, slot: slots[index]! }));
  }

  /** Without those whose 24-hour window has closed since they were queued, and which are not to be sent then. */
  private async withinWindow({ trx, now }: Turn, candidates: readonly Candidate[]): Promise<Candidate[]> {
    const late = candidates.filter(
      ({ outside_window, last_inbound_at }) =>
        outside_window !== 'send' && !customerServiceWindow(last_inbound_at ?? undefined, now).open,
    );
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
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const first = Math.min(...times.map((time) => time ?? Infinity));
  return Number.isFinite(first) ? first : undefined;
}

const WINDOW_CLOSED: MessageError = {
  code: 'OUTSIDE_WINDOW',
  title: 'Outside the 24-hour window',
  retryable: false,
  action: 'fix-request',
  help: "The window closed before it was this message's turn. Send a template, or use outsideWindow: 'hold'.",
};
