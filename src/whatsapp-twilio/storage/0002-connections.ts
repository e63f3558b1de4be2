import { type Kysely, type Migration, sql } from 'kysely';

/** The tables whose rows are work, or wait to become it. */
const workTables = ['inbound_messages', 'outbound_messages', 'message_events', 'early_callbacks'] as const;

/**
 * Work is found by its scope, the registration of the module that serves it, however many connections that has. Until now
 * a registration had one connection, of the same name.
 */
export const connections = (): Migration => ({
  async up(db: Kysely<unknown>) {
    for (const table of workTables) {
      await db.schema
        .alterTable(table)
        .addColumn('scope', 'text', (c) => c.notNull().defaultTo(''))
        .execute();
      await sql`update ${sql.table(table)} set scope = connection_id`.execute(db);
    }
    for (const table of ['inbound_messages', 'outbound_messages', 'message_events']) {
      const index = sql.ref(`${table}_due`);
      await sql`drop index ${index}`.execute(db);
      await sql`create index ${index} on ${sql.table(table)} (scope, due_at) where due_at is not null`.execute(db);
    }
    await sql`drop index outbound_messages_check`.execute(db);
    await sql`create index outbound_messages_check on outbound_messages (scope, check_at) where check_at is not null`.execute(
      db,
    );
  },
});
