import { type Kysely, type Migration, type MigrationProvider, Migrator, sql } from 'kysely';
import { connections } from './0002-connections';
import { service } from './0003-service';
import { pace } from './0004-pace';
import { backlog } from './0005-backlog';
import { trace } from './0006-trace';
import { retries } from './0007-retries';
import { queues } from './0008-queues';
import type { Database } from './database';
import { type Engine, engineOf } from './engine';
import { orderedTable } from './ordered-table';

const firstTables = (engine: Engine): Migration => ({
  async up(db: Kysely<unknown>) {
    const time = engine.timeType;
    await db.schema
      .createTable('conversations')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('sender', 'text', (c) => c.notNull())
      .addColumn('user_phone', 'text')
      .addColumn('user_bsuid', 'text')
      .addColumn('last_inbound_at', time)
      .addColumn('created_at', time, (c) => c.notNull())
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

    await orderedTable(db, engine, 'inbound_messages')
      .addColumn('id', 'text', (c) => c.notNull().unique())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('conversation_id', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('message_sid', 'text', (c) => c.notNull())
      .addColumn('params', 'text', (c) => c.notNull())
      .addColumn('received_at', time, (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', time)
      .addColumn('owner', 'text')
      .addColumn('done_handlers', 'text', (c) => c.notNull())
      .addColumn('failure', 'text')
      .addColumn('finished_at', time)
      .addColumn('erased_at', time)
      .addUniqueConstraint('inbound_messages_once', ['connection_id', 'dedupe_key'])
      .execute();
    await sql`create index inbound_messages_due on inbound_messages (connection_id, due_at) where due_at is not null`.execute(
      db,
    );
    await sql`create index inbound_messages_order on inbound_messages (conversation_id, seq) where state = 'pending'`.execute(
      db,
    );
    await sql`create index inbound_messages_dead on inbound_messages (finished_at, seq) where state = 'dead'`.execute(
      db,
    );
    await sql`create index inbound_messages_kept on inbound_messages (finished_at) where finished_at is not null and erased_at is null`.execute(
      db,
    );

    await orderedTable(db, engine, 'outbound_messages')
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
      .addColumn('send_at', time)
      .addColumn('expires_at', time)
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('attempted_at', time)
      .addColumn('due_at', time)
      .addColumn('owner', 'text')
      .addColumn('unknown_since', time)
      .addColumn('waiting', 'text')
      .addColumn('check_at', time)
      .addColumn('erased_at', time)
      .addColumn('created_at', time, (c) => c.notNull())
      .addColumn('updated_at', time, (c) => c.notNull())
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
    await sql`create index outbound_messages_due on outbound_messages (connection_id, due_at) where due_at is not null`.execute(
      db,
    );
    await sql`create index outbound_messages_turn on outbound_messages (account_sid, priority, due_at, seq) where due_at is not null`.execute(
      db,
    );
    await sql`create index outbound_messages_sending on outbound_messages (account_sid) where status = 'sending'`.execute(
      db,
    );
    await db.schema
      .createIndex('outbound_messages_order')
      .on('outbound_messages')
      .columns(['conversation_id', 'seq'])
      .execute();
    await sql`create index outbound_messages_check on outbound_messages (check_at) where check_at is not null`.execute(
      db,
    );
    await sql`create index outbound_messages_kept on outbound_messages (created_at) where erased_at is null`.execute(
      db,
    );

    await orderedTable(db, engine, 'message_events')
      .addColumn('message_id', 'text', (c) => c.notNull())
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('status', 'text', (c) => c.notNull())
      .addColumn('previous_status', 'text')
      .addColumn('source', 'text', (c) => c.notNull())
      .addColumn('error', 'text')
      .addColumn('at', time, (c) => c.notNull())
      .addColumn('state', 'text', (c) => c.notNull())
      .addColumn('attempts', 'integer', (c) => c.notNull())
      .addColumn('due_at', time)
      .addColumn('owner', 'text')
      .addColumn('done_handlers', 'text', (c) => c.notNull())
      .addColumn('failure', 'text')
      .addColumn('finished_at', time)
      .addUniqueConstraint('message_events_once', ['message_id', 'dedupe_key'])
      .execute();
    await sql`create index message_events_due on message_events (connection_id, due_at) where due_at is not null`.execute(
      db,
    );
    await sql`create index message_events_dead on message_events (finished_at, seq) where state = 'dead'`.execute(db);

    await orderedTable(db, engine, 'early_callbacks')
      .addColumn('connection_id', 'text', (c) => c.notNull())
      .addColumn('message_sid', 'text', (c) => c.notNull())
      .addColumn('dedupe_key', 'text', (c) => c.notNull())
      .addColumn('params', 'text', (c) => c.notNull())
      .addColumn('received_at', time, (c) => c.notNull())
      .addUniqueConstraint('early_callbacks_once', ['message_sid', 'dedupe_key'])
      .execute();

    await orderedTable(db, engine, 'send_slots')
      .addColumn('account_sid', 'text', (c) => c.notNull())
      .addColumn('priority', 'text', (c) => c.notNull())
      .addColumn('at', time, (c) => c.notNull())
      .execute();
    await db.schema
      .createIndex('send_slots_window')
      .on('send_slots')
      .columns(['account_sid', 'priority', 'at'])
      .execute();

    await db.schema
      .createTable('workers')
      .addColumn('id', 'text', (c) => c.primaryKey())
      .addColumn('beat_at', time, (c) => c.notNull())
      .execute();
    for (const table of ['inbound_messages', 'message_events', 'outbound_messages']) {
      await sql`create index ${sql.ref(`${table}_owner`)} on ${sql.table(table)} (owner) where owner is not null`.execute(
        db,
      );
    }
  },
});

/** In the order of their names. One that has been released is never changed; a new one is added. */
function migrationsFor(engine: Engine): MigrationProvider {
  return {
    getMigrations: () =>
      Promise.resolve({
        '0001_first_tables': firstTables(engine),
        '0002_connections': connections(engine),
        '0003_service': service(engine),
        '0004_pace': pace(engine),
        '0005_backlog': backlog(),
        '0006_trace': trace(),
        '0007_retries': retries(),
        '0008_queues': queues(),
      }),
  };
}

/** Brings the tables up to date. Safe to run again, and by several processes at once: the engine lets one at a time. */
export async function migrate(db: Database): Promise<void> {
  const migrator = new Migrator({
    db,
    provider: migrationsFor(engineOf(db)),
    migrationTableName: 'whatsapp_twilio_migrations',
    migrationLockTableName: 'whatsapp_twilio_migrations_lock',
  });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw error;
}
