import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import type { Runtime } from '../runtime';
import type { Database } from '../storage/database';
import type { OutboundRow } from '../storage/schema';
import { DATABASE, RUNTIME } from '../tokens';
import { AccountLimits } from './account-limits';
import { type Budget, budgetOf, choose } from './budget';
import type { Waiting } from './outbound-message.view';

/**
 * Tells why messages that are due have not left. That is not written down anywhere, as it changes with every send: it is
 * found out when somebody asks.
 */
@Injectable()
export class WaitingReasons {
  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly limits: AccountLimits,
  ) {}

  /** By the message's id; one that waits for nothing, or for what its row says, is not among them. */
  async of(rows: readonly OutboundRow[]): Promise<ReadonlyMap<string, Waiting>> {
    const now = this.runtime.clock.now();
    const due = rows.filter((row) => row.status === 'queued' && row.due_at !== null && row.due_at <= now);
    const reasons = new Map<string, Waiting>();
    if (due.length === 0) return reasons;
    const behind = await this.behindOthers(due);
    const budgets = new Map<string, Budget>();
    for (const row of due) {
      if (behind.has(row.id)) {
        reasons.set(row.id, { reason: 'order' });
        continue;
      }
      const budget = budgets.get(row.account_sid) ?? (await this.budgetOf(row, now));
      budgets.set(row.account_sid, budget);
      const { rows: mayGo, freeAt } = choose([row], budget, 1);
      if (mayGo.length > 0) continue;
      reasons.set(row.id, { reason: 'rate-limit', ...(freeAt !== undefined && { until: new Date(freeAt) }) });
    }
    return reasons;
  }

  /** The same condition as when messages are claimed. */
  private async behindOthers(rows: readonly OutboundRow[]): Promise<ReadonlySet<string>> {
    const { rows: found } = await sql<{ id: string }>`
      select m.id from outbound_messages as m
      where m.id in (${sql.join(rows.map(({ id }) => id))})
        and exists (
          select 1 from outbound_messages as other
          where other.conversation_id = m.conversation_id and other.due_at is not null
            and (other.status in ('sending', 'unknown') or (other.status = 'queued' and other.seq < m.seq))
        )`.execute(this.db);
    return new Set(found.map(({ id }) => id));
  }

  private async budgetOf(row: OutboundRow, now: number): Promise<Budget> {
    const limits = await this.limits.of([row]);
    return budgetOf(this.db, row.account_sid, limits.get(row.account_sid)!, now);
  }
}
