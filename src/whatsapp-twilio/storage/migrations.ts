import { type Kysely, type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import type { Schema } from './schema';

const firstTables: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('conversations')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('sender', 'text', (c) => c.notNull())
      .addColumn('user_phone', 'text')
      .addColumn('user_bsuid', 'text')
      .addColumn('last_inbound_at', 'integer')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('conversations_by_phone')
      .unique()
      .on('conversations')
      .columns(['connection_id', 'user_phone', 'sender'])
      .execute();
    await db.schema
      .createIndex('conversations_by_bsuid')
      .unique()
      .on('conversations')
      .columns(['connection_id', 'user_bsuid', 'sender'])
      .execute();

    await db.schema
      .createTable('inbound_messages')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('conversation_id', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('message_sid', 'text', (c) => c.notNull())
      .addColumn('params', 'text', (c) => c.notNull())
      .addColumn('received_at', 'integer', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', 'integer')
      .addColumn('done_handlers', 'text', (c) => c.notNull())
      .addColumn('failure', 'text')
      .addColumn('finished_at', 'integer')
      .addUniqueConstraint('inbound_messages_once', ['connection_id', 'dedupe_key'])
      .execute();
    await sql`create index inbound_messages_due on inbound_messages (due_at) where due_at is not null`.execute(db);
    await sql`create index inbound_messages_order on inbound_messages (conversation_id, seq) where state = 'pending'`.execute(
      db,
    );

    await db.schema
      .createTable('outbound_messages')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('account_sid', 'text', (c) => c.notNull())
      .addColumn('conversation_id', 'text', (c) => c.notNull())
      .addColumn('to_address', 'text', (c) => c.notNull())
      .addColumn('from_address', 'text')
      .addColumn('messaging_service_sid', 'text')
      .addColumn('content', 'text', (c) => c.notNull())
      .addColumn('content_hash', 'text', (c) => c.notNull())
      .addColumn('idempotency_key', 'text')
      .addColumn('priority', 'text', (c) => c.notNull())
      .addColumn('metadata', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('twilio_sid', 'text')
      .addColumn('error', 'text')
      .addColumn('send_at', 'integer')
      .addColumn('expires_at', 'integer')
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('attempted_at', 'integer')
      .addColumn('due_at', 'integer')
      .addColumn('waiting', 'text')
      .addColumn('created_at', 'integer', (c) => c.notNull())
      .addColumn('updated_at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('outbound_messages_idempotency')
      .unique()
      .on('outbound_messages')
      .columns(['connection_id', 'idempotency_key'])
      .execute();
    await db.schema
      .createIndex('outbound_messages_sid')
      .unique()
      .on('outbound_messages')
      .column('twilio_sid')
      .execute();
    await sql`create index outbound_messages_due on outbound_messages (priority, due_at) where due_at is not null`.execute(
      db,
    );
    await db.schema
      .createIndex('outbound_messages_order')
      .on('outbound_messages')
      .columns(['conversation_id', 'seq'])
      .execute();

    await db.schema
      .createTable('message_events')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('previous_status', 'text')
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('error', 'text')
      .addColumn('at', 'integer', (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', 'integer')
      .addColumn('done_handlers', 'text', (c) => c.notNull())
      .addColumn('failure', 'text')
      .addColumn('finished_at', 'integer')
      .addUniqueConstraint('message_events_once', ['message_id', 'dedupe_key'])
      .execute();
    await sql`create index message_events_due on message_events (due_at) where due_at is not null`.execute(db);

    await db.schema
      .createTable('early_callbacks')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('message_sid', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('params', 'text', (c) => c.notNull())
      .addColumn('received_at', 'integer', (c) => c.notNull())
      .addUniqueConstraint('early_callbacks_once', ['message_sid', 'dedupe_key'])
      .execute();

    await db.schema
      .createTable('send_slots')
      .addColumn('seq', 'integer', (c) => c.primaryKey().autoIncrement())
      .addColumn('account_sid', 'text', (c) => c.notNull())
      .addColumn('priority', 'text', (c) => c.notNull())
      .addColumn('at', 'integer', (c) => c.notNull())
      .execute();
    await db.schema.createIndex('send_slots_window').on('send_slots').columns(['account_sid', 'at']).execute();
  },
};

/** In the order of their names. One that has been released is never changed; a new one is added. */
const migrations: Record<string, Migration> = { '0001_first_tables': firstTables };

const provider: MigrationProvider = { getMigrations: () => Promise.resolve(migrations) };

/** Brings the tables up to date. Safe to run again, and by several processes at once: the engine lets one at a time. */
export async function migrate(db: Kysely<Schema>): Promise<void> {
  const migrator = new Migrator({
    db,
    provider,
    migrationTableName: 'whatsapp_twilio_migrations',
    migrationLockTableName: 'whatsapp_twilio_migrations_lock',
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
