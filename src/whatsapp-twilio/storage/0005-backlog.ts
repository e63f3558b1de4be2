import { type Kysely, type Migration, sql } from 'kysely';

/** What a claim looks for is found without reading the backlog, however long that is. */
export const backlog = (): Migration => ({
  async up(db: Kysely<unknown>) {
    await sql`drop index outbound_messages_turn`.execute(db);
    await sql`create index outbound_messages_turn on outbound_messages (scope, account_sid, priority, due_at, seq)
      where due_at is not null`.execute(db);
    await sql`create index outbound_messages_lost on outbound_messages (scope, due_at)
      where status in ('sending', 'unknown')`.execute(db);
    await sql`create index outbound_messages_ahead on outbound_messages (conversation_id, seq)
      where due_at is not null`.execute(db);
    await sql`create index outbound_messages_expiring on outbound_messages (scope, expires_at)
      where expires_at is not null and due_at is not null`.execute(db);
  },
});
