import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';
import { freeAgainAt, type Purpose, windowBegin } from './send-slots';

/** One send in ten is left to bulk messages, however many replies wait; and to replies, however many bulk messages do. */
const SHARE = 10;
/** Within this time a tenth of the budget is there for replies, whatever bulk messages have used. */
const SOON_MS = 4 * 1000;

const PURPOSES = ['conversation', 'bulk', 'lookup'] as const satisfies readonly Purpose[];

/** What an account has sent in the last minute, and what it may. */
export interface Budget {
  readonly accountSid: string;
  readonly rpm: number;
  /** All that left within the window. */
  readonly all: Sent;
  /** Those of them that stay in the window for longer than a moment. */
  readonly lasting: Sent;
  readonly bulk: Sent;
  /** Requests that ask for statuses. */
  readonly lookups: Sent;
}

interface Sent {
  readonly count: number;
  /** When the oldest was at Twilio, at the latest; there is none, if nothing left. */
  readonly oldestAt: number;
}

/** Names the lock under which replicas use budgets one after another, which is what makes them exact. */
const BUDGETS_LOCK = 7_264_190_435;

/** Nobody else uses a budget until the transaction ends. SQLite has one writer at a time anyhow. */
export async function lockBudgets(trx: DatabaseTransaction): Promise<void> {
  if (engineOf(trx).name === 'postgres') await sql`select pg_advisory_xact_lock(${BUDGETS_LOCK})`.execute(trx);
}

/** Reads the account's window. */
export async function budgetOf(db: Database, accountSid: string, rpm: number, now: number): Promise<Budget> {
  const lastingSince = windowBegin(now, SOON_MS);
  const rows = await db
    .selectFrom('send_slots')
    .select(({ fn }) => ['priority', fn.sum<number>('sends').as('count'), fn.min('at').as('oldestAt')])
    .select(sql<boolean | number>`at > ${lastingSince}`.as('lasting'))
    .where('account_sid', '=', accountSid)
    .where('priority', 'in', PURPOSES) // for the index
    .where('at', '>', windowBegin(now))
    .groupBy(['priority', 'lasting'])
    .execute();
  const sum = (sent: typeof rows): Sent => ({
    count: sent.reduce((total, { count }) => total + count, 0),
    oldestAt: Math.min(...sent.map(({ oldestAt }) => oldestAt)),
  });
  return {
    accountSid,
    rpm,
    all: sum(rows),
    lasting: sum(rows.filter(({ lasting }) => lasting)),
    bulk: sum(rows.filter(({ priority }) => priority === 'bulk')),
    lookups: sum(rows.filter(({ priority }) => priority === 'lookup')),
  };
}

/** Whether replies, or bulk messages, have to wait for some of it to be free again. */
export function isUsedUp({ rpm, all, lasting }: Budget): boolean {
  return all.count >= rpm || lasting.count >= bulkCapOf(rpm);
}

function bulkCapOf(rpm: number): number {
  return rpm - Math.floor(rpm / SHARE);
}

/**
 * Which of the candidates go now: replies before bulk. Every tenth send is bulk's turn while there is any. Bulk uses the
 * whole budget, but never so that a reply behind it would have to wait: a tenth is always free or about to become so.
 * `freeAt` is when more may go, if the budget is what holds the others back.
 */
export function choose(
  candidates: readonly OutboundRow[],
  budget: Budget,
  places: number,
): { rows: OutboundRow[]; freeAt: number | undefined } {
  const waiting = {
    replies: candidates.filter(({ priority }) => priority === 'conversation'),
    bulk: candidates.filter(({ priority }) => priority === 'bulk'),
  };
  const { rpm } = budget;
  const bulkCap = bulkCapOf(rpm);
  const rows: OutboundRow[] = [];
  const conversations = new Set<string>();
  let all = budget.all.count;
  let lasting = budget.lasting.count;
  let bulk = budget.bulk.count;

  while (rows.length < places && all < rpm) {
    const isBulkDue = bulk * SHARE < all;
    const isBulkFree = waiting.replies.length === 0 && lasting < bulkCap;
    const isBulksTurn = waiting.bulk.length > 0 && (isBulkDue || isBulkFree);
    const row = (isBulksTurn ? waiting.bulk : waiting.replies).shift();
    if (row === undefined) break;
    if (conversations.has(row.conversation_id)) continue;
    conversations.add(row.conversation_id);
    rows.push(row);
    all++;
    lasting++;
    if (isBulksTurn) bulk++;
  }

  const left = waiting.replies.length + waiting.bulk.length;
  if (left === 0 || rows.length >= places) return { rows, freeAt: undefined };
  const freeAt = all >= rpm ? freeAgainAt(budget.all.oldestAt) : freeAgainAt(budget.lasting.oldestAt) - SOON_MS;
  return { rows, freeAt: Number.isFinite(freeAt) ? freeAt : undefined };
}
