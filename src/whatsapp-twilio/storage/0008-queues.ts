import { type Kysely, type Migration, sql } from 'kysely';

/** What a claim looks for comes in the order of an index, so that it reads no more than it takes. */
export const queues = (): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const table of ['inbound_messages', 'message_events', 'event_deliveries']) {
      await sql`drop index ${sql.ref(`${table}_due`)}`.execute(db);
      await sql`create index ${sql.ref(`${table}_due`)} on ${sql.table(table)} (scope, due_at, seq)
        where due_at is not null`.execute(db);
    }
    for (const user of ['user_phone', 'user_bsuid']) {
      await sql`create index ${sql.ref(`conversations_opted_out_${user}`)} on conversations (${sql.ref(user)})
        where opted_out_at is not null`.execute(db);
    }
    await sql`create index outbound_messages_held on outbound_messages (conversation_id) where status = 'held'`.execute(
      db,
    );
    // Nobody asks for these any more, and each is written with every step of a message.
    for (const index of ['outbound_messages_sending', 'outbound_messages_order']) {
      await sql`drop index ${sql.ref(index)}`.execute(db);
    }
  },
});
