import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../storage/database';
import type { AccountUse } from './account-limits';
import { anyMessage, hurriedMessage } from './candidates';

/** What there may be to do in the outbox of a registration, and when there will be. */
export interface Outlook {
  /** The accounts that have something to send. */
  readonly accounts: readonly AccountUse[];
  /** Those of them that have messages which go before the others. */
  readonly hurried: ReadonlySet<string>;
  /** Whether there are messages whose time ran out, or whose fate has to be found out. */
  readonly isOverdue: boolean;
  /** When the next message is due, or a sender has rested. */
  readonly nextAt: number | undefined;
}

interface OutlookRow {
  readonly account_sid: string | null;
  readonly connection_id: string | null;
  readonly hurried: number;
  readonly overdue: number;
  readonly next_at: number | null;
}

/** Looks without locking anything, so that a look that finds nothing to do holds nobody up. */
export async function outlookOf(db: Database, scope: string, now: number): Promise<Outlook> {
  // In the order of the index: without that PostgreSQL reads the table from its beginning until it finds one.
  const firstOf = (priority: string, which: RawBuilder<unknown>) => sql`(
    select m.connection_id from outbound_messages as m
    where m.scope = ${scope} and m.account_sid = accounts.account_sid and m.priority = ${priority}
      and m.due_at <= ${now} and ${which}
    order by m.due_at, m.seq
    limit 1
  )`;
  const anyOf = (which: RawBuilder<unknown>) =>
    sql`coalesce(${firstOf('conversation', which)}, ${firstOf('bulk', which)})`;
  // From one account to the next, as a `distinct` reads every message that waits.
  const { rows } = await sql<OutlookRow>`
    with recursive accounts (account_sid) as (
      select min(account_sid) from outbound_messages where scope = ${scope} and due_at is not null
      union all
      select (
        select min(m.account_sid) from outbound_messages as m
        where m.scope = ${scope} and m.due_at is not null and m.account_sid > accounts.account_sid
      )
      from accounts where accounts.account_sid is not null
    )
    select account_sid, connection_id, hurried, 0 as overdue, null as next_at from (
      select account_sid, ${anyOf(anyMessage)} as connection_id,
        case when ${anyOf(hurriedMessage)} is null then 0 else 1 end as hurried
      from accounts where account_sid is not null
    ) as uses
    where connection_id is not null
    union all
    select null, null, 0,
      case when exists (
        select 1 from outbound_messages
        where scope = ${scope} and due_at <= ${now} and status in ('sending', 'unknown')
      ) or exists (
        select 1 from outbound_messages
        where scope = ${scope} and due_at <= ${now} and expires_at <= ${now} and status not in ('sending', 'unknown')
      ) then 1 else 0 end,
      (
        select min(at) from (
          select min(due_at) as at from outbound_messages where scope = ${scope} and due_at > ${now}
          union all
          select min(until) as at from sender_rests where until > ${now}
        ) as times
      )`.execute(db);
  const whole = rows.find(({ account_sid }) => account_sid === null);
  const accounts = rows
    .filter((row): row is OutlookRow & AccountUse => row.account_sid !== null)
    .toSorted((one, other) => (one.account_sid < other.account_sid ? -1 : 1));
  return {
    accounts,
    hurried: new Set(accounts.filter(({ hurried }) => hurried === 1).map(({ account_sid }) => account_sid)),
    isOverdue: whole?.overdue === 1,
    nextAt: whole?.next_at ?? undefined,
  };
}
