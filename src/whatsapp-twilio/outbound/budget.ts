import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../storage/database';
import { engineOf } from '../storage/engine';
import type { OutboundRow } from '../storage/schema';

/** The window that the budget counts in. */
const WINDOW_MS = 60_000;
/** Requests leave a moment after they are claimed, some sooner than others; the margin keeps Twilio's minute exact too. */
const MARGIN_MS = 250;
/** One send in ten is left to bulk messages, however many replies wait; and to replies, however many bulk messages do. */
const SHARE = 10;

const PRIORITIES = ['conversation', 'bulk', 'lookup'] as const;

/** What an account has sent in the last minute, and what it may. */
export interface Budget {
  readonly accountSid: string;
  readonly rpm: number;
  /** All that left within the window. */
  readonly all: Sent;
  readonly bulk: Sent;
  /** Requests that ask for statuses. */
  readonly lookups: Sent;
}

interface Sent {
  readonly count: number;
  /** When the oldest left; there is none, if nothing did. */
  readonly oldestAt: number;
}

/** Names the lock under which replicas use budgets one after another, which is what makes them exact. */
const BUDGETS_LOCK = 7_264_190_435;

/** Nobody else uses a budget until the transaction ends. SQLite has one writer at a time anyhow. */
export async function lockBudgets(trx: DatabaseTransaction): Promise<void> {
  if (engineOf(trx).name === 'postgres') await sql`select pg_advisory_xact_lock(${BUDGETS_LOCK})`.execute(trx);
}

/** Reads the account's window, and forgets what has left it. */
export async function budgetOf(
  trx: DatabaseTransaction,
  accountSid: string,
  rpm: number,
  now: number,
): Promise<Budget> {
  await trx
    .deleteFrom('send_slots')
    .where('account_sid', '=', accountSid)
    .where('priority', 'in', PRIORITIES) // for the index
    .where('at', '<=', now - WINDOW_MS - MARGIN_MS)
    .execute();
  return usedBudget(trx, accountSid, rpm, now);
}

/** As `budgetOf()`, for those who only look. */
export async function usedBudget(db: Database, accountSid: string, rpm: number, now: number): Promise<Budget> {
  const rows = await db
    .selectFrom('send_slots')
    .select(({ fn }) => ['priority', fn.countAll<number>().as('count'), fn.min('at').as('oldestAt')])
    .where('account_sid', '=', accountSid)
    .where('priority', 'in', PRIORITIES) // for the index
    .where('at', '>', now - WINDOW_MS - MARGIN_MS)
    .groupBy('priority')
    .execute();
  const sentAs = (...priorities: string[]): Sent => {
    const sent = rows.filter(({ priority }) => priorities.includes(priority));
    return {
      count: sent.reduce((sum, { count }) => sum + count, 0),
      oldestAt: Math.min(...sent.map(({ oldestAt }) => oldestAt)),
    };
  };
  return {
    accountSid,
    rpm,
    all: sentAs(...PRIORITIES),
    bulk: sentAs('bulk'),
    lookups: sentAs('lookup'),
  };
}

/**
 * Which of the candidates go now: replies before bulk. Every tenth send is bulk's turn while there is any, and bulk
 * leaves a tenth of the window free, so that a reply behind thousands of them need not wait for the next minute.
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
  const bulkCap = rpm - Math.floor(rpm / SHARE);
  const rows: OutboundRow[] = [];
  const conversations = new Set<string>();
  let all = budget.all.count;
  let bulk = budget.bulk.count;

  while (rows.length < places && all < rpm) {
    const mayBulk = waiting.bulk.length > 0 && bulk < bulkCap;
    const isBulksTurn = mayBulk && (waiting.replies.length === 0 || bulk * SHARE < all);
    const row = (isBulksTurn ? waiting.bulk : waiting.replies).shift();
    if (row === undefined) break;
    if (conversations.has(row.conversation_id)) continue;
    conversations.add(row.conversation_id);
    rows.push(row);
    all++;
    if (isBulksTurn) bulk++;
  }

  const left = waiting.replies.length + waiting.bulk.length;
  if (left === 0 || rows.length >= places) return { rows, freeAt: undefined };
  // All of the window is used, or bulk has used its part: more may go when the oldest send, or bulk's oldest, leaves it.
  const { oldestAt } = all >= rpm ? budget.all : budget.bulk;
  return { rows, freeAt: Number.isFinite(oldestAt) ? oldestAt + WINDOW_MS + MARGIN_MS : undefined };
}
