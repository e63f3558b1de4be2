import { Inject, Injectable } from '@nestjs/common';
import { sql } from 'kysely';
import { ConnectionRegistry } from '../../whatsapp-twilio/connections/connection-registry';
import { AccountLimits } from '../../whatsapp-twilio/outbound/account-limits';
import type { Runtime } from '../../whatsapp-twilio/runtime';
import type { Database } from '../../whatsapp-twilio/storage/database';
import { DATABASE, RUNTIME } from '../../whatsapp-twilio/tokens';

export interface QueueState {
  readonly queues: readonly { readonly queue: string; readonly depth: number; readonly ageSeconds: number }[];
  readonly deadLetters: readonly { readonly kind: string; readonly count: number }[];
  /** Of the account that has used most of its minute: 0 to 1. */
  readonly budgetUsed: number;
}

const CACHE_MS = 5000;
const WINDOW_MS = 60_000;

const tables = {
  inbox: 'inbound_messages',
  outbox: 'outbound_messages',
  statuses: 'message_events',
  forwarding: 'event_deliveries',
} as const;
const dead = { message: 'inbound_messages', status: 'message_events', event: 'event_deliveries' } as const;

/** How full the queues are, asked of the database at most every five seconds however many scrape. */
@Injectable()
export class Queues {
  #latest: { readonly until: number; readonly state: Promise<QueueState> } | undefined;

  constructor(
    @Inject(DATABASE) private readonly db: Database,
    @Inject(RUNTIME) private readonly runtime: Runtime,
    private readonly connections: ConnectionRegistry,
    private readonly limits: AccountLimits,
  ) {}

  /** @throws when the database cannot be asked. */
  read(): Promise<QueueState> {
    const now = this.runtime.clock.now();
    if (this.#latest === undefined || now >= this.#latest.until) {
      this.#latest = { until: now + CACHE_MS, state: this.ask(now) };
    }
    return this.#latest.state;
  }

  private async ask(now: number): Promise<QueueState> {
    const { scope } = this.connections;
    const queues = [];
    for (const [queue, table] of Object.entries(tables)) {
      const { rows } = await sql<{ depth: number; oldest: number | null }>`
        select count(*) as depth, min(due_at) as oldest from ${sql.table(table)}
        where scope = ${scope} and due_at is not null`.execute(this.db);
      const { depth, oldest } = rows[0]!;
      queues.push({ queue, depth, ageSeconds: Math.max(0, now - (oldest ?? now)) / 1000 });
    }
    const deadLetters = [];
    for (const [kind, table] of Object.entries(dead)) {
      const { rows } = await sql<{ count: number }>`
        select count(*) as count from ${sql.table(table)} where state = 'dead' and scope = ${scope}`.execute(this.db);
      deadLetters.push({ kind, count: rows[0]!.count });
    }
    return { queues, deadLetters, budgetUsed: await this.budgetUsed(now) };
  }

  private async budgetUsed(now: number): Promise<number> {
    const { rows } = await sql<{ account_sid: string; sends: number }>`
      select account_sid, sum(sends) as sends from send_slots where at > ${now - WINDOW_MS}
      group by account_sid`.execute(this.db);
    const { id } = this.connections.default;
    const limits = await this.limits.of(rows.map(({ account_sid }) => ({ account_sid, connection_id: id })));
    return Math.max(0, ...rows.map(({ account_sid, sends }) => sends / limits.get(account_sid)!));
  }
}
